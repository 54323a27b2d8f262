// An HTTP service with the official X-Ray SDK as its manual shows it. Prints its port as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

type object map[string]any

func answer(writer http.ResponseWriter, status int, body object) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	if err := json.NewEncoder(writer).Encode(body); err != nil {
		log.Print(err)
	}
}

func items(writer http.ResponseWriter, request *http.Request) {
	ctx := request.Context()
	item, err := strconv.Atoi(request.PathValue("id"))
	if err != nil {
		answer(writer, http.StatusBadRequest, object{})
		return
	}
	xray.AddAnnotation(ctx, "item", item)
	xray.AddMetadata(ctx, "shelf", object{"row": 4, "labels": []string{"blue", "größe"}})
	xray.Capture(ctx, "look up", func(outer context.Context) error {
		return xray.Capture(outer, "read", func(inner context.Context) error {
			return xray.AddAnnotation(inner, "depth", 2)
		})
	})
	answer(writer, http.StatusOK, object{"trace": xray.TraceID(ctx)})
}

func broken(writer http.ResponseWriter, request *http.Request) {
	xray.AddError(request.Context(), errors.New("no such shelf"))
	answer(writer, http.StatusInternalServerError, object{})
}

func front(writer http.ResponseWriter, request *http.Request) {
	next, err := http.NewRequestWithContext(
		request.Context(), http.MethodGet, request.URL.Query().Get("url"), nil)
	if err != nil {
		answer(writer, http.StatusBadRequest, object{})
		return
	}
	response, err := xray.Client(http.DefaultClient).Do(next)
	if err != nil {
		answer(writer, http.StatusBadGateway, object{})
		return
	}
	response.Body.Close()
	answer(writer, http.StatusOK, object{"status": response.StatusCode})
}

func main() {
	routes := http.NewServeMux()
	routes.HandleFunc("/items/{id}", items)
	routes.HandleFunc("/broken", broken)
	routes.HandleFunc("/front", front)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := json.NewEncoder(os.Stdout).Encode(object{"port": port}); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, xray.Handler(xray.NewFixedSegmentNamer("go-stock"), routes)))
}
