import com.amazonaws.xray.AWSXRay;
import com.amazonaws.xray.entities.Segment;
import com.amazonaws.xray.entities.Subsegment;
import com.amazonaws.xray.jakarta.servlet.AWSXRayServletFilter;
import com.amazonaws.xray.proxies.apache.http.HttpClientBuilder;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/** A servlet with the official X-Ray SDK as its manual shows it. Prints its port as JSON. */
public final class Service extends HttpServlet {
  private final CloseableHttpClient client = HttpClientBuilder.create().build();

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String path = request.getRequestURI();
    if (path.equals("/front")) {
      answer(response, Map.of("status", call(request.getParameter("url"))));
    } else if (path.startsWith("/items/")) {
      answer(response, Map.of("trace", lookUp(path.substring("/items/".length()))));
    } else {
      throw new IllegalArgumentException("no such shelf");
    }
  }

  private String lookUp(String item) {
    Segment segment = AWSXRay.getCurrentSegment();
    segment.putAnnotation("item", Integer.parseInt(item));
    segment.putMetadata("shelf", Map.of("row", 4, "labels", List.of("blue", "größe")));
    AWSXRay.createSubsegment("look up", this::read);
    return segment.getTraceId().toString();
  }

  private void read() {
    Subsegment subsegment = AWSXRay.beginSubsegment("read");
    subsegment.putAnnotation("depth", 2);
    AWSXRay.endSubsegment();
  }

  private int call(String url) throws IOException {
    try (CloseableHttpResponse response = client.execute(new HttpGet(url))) {
      return response.getStatusLine().getStatusCode();
    }
  }

  private static void answer(HttpServletResponse response, Map<String, Object> body)
      throws IOException {
    response.setContentType("application/json");
    response.getOutputStream().write(new ObjectMapper().writeValueAsBytes(body));
  }

  public static void main(String[] arguments) throws Exception {
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(".");
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "stock", new Service());
    context.addServletMappingDecoded("/", "stock");
    trace(context);
    tomcat.start();
    System.out.println(
        new ObjectMapper().writeValueAsString(Map.of("port", tomcat.getConnector().getLocalPort())));
    tomcat.getServer().await();
  }

  private static void trace(Context context) {
    FilterDef filter = new FilterDef();
    filter.setFilterName("tracing");
    filter.setFilter(new AWSXRayServletFilter("java-stock"));
    filter.setAsyncSupported("true");
    context.addFilterDef(filter);
    FilterMap everything = new FilterMap();
    everything.setFilterName("tracing");
    everything.addURLPattern("/*");
    context.addFilterMap(everything);
  }
}
