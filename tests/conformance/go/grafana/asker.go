package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// A table of traces ends with the page that fills it.
const mostRows = 1000

type asker struct {
	client   *xray.Client
	wire     *Wire
	from, to time.Time
}

func newAsker(task Task) *asker {
	wire := &Wire{}
	client := xray.New(xray.Options{
		BaseEndpoint: aws.String(task.Endpoint),
		Region:       task.Region,
		Credentials:  credentials.NewStaticCredentialsProvider(task.Key, task.Secret, ""),
		HTTPClient:   wire,
	})
	return &asker{client, wire, moment(task.From), moment(task.To)}
}

func (asker *asker) ask(query Query) ([]any, error) {
	switch query.Name {
	case "health":
		return one(asker.client.GetGroups(context.Background(), &xray.GetGroupsInput{}))
	case "groups":
		return all(xray.NewGetGroupsPaginator(asker.client, &xray.GetGroupsInput{}))
	case "trace":
		return asker.trace(query)
	case "traces":
		return asker.traces(query)
	case "statistics":
		return all(asker.statistics(query))
	case "insights":
		return asker.insights(query)
	case "map", "accounts":
		input := &xray.GetServiceGraphInput{
			StartTime: &asker.from, EndTime: &asker.to, GroupName: &query.Group,
		}
		return all(xray.NewGetServiceGraphPaginator(asker.client, input))
	case "analytics":
		return asker.analytics(query)
	}
	return nil, fmt.Errorf("no query %q", query.Name)
}

func (asker *asker) trace(query Query) ([]any, error) {
	ids := []string{query.Trace}
	input := &xray.BatchGetTracesInput{TraceIds: ids}
	traces, err := one(asker.client.BatchGetTraces(context.Background(), input))
	if err != nil {
		return nil, err
	}
	graph, err := all(xray.NewGetTraceGraphPaginator(asker.client, &xray.GetTraceGraphInput{TraceIds: ids}))
	return append(traces, graph...), err
}

func (asker *asker) traces(query Query) ([]any, error) {
	pages := xray.NewGetTraceSummariesPaginator(asker.client, &xray.GetTraceSummariesInput{
		StartTime: &asker.from, EndTime: &asker.to, FilterExpression: unlessEmpty(query.Filter),
	})
	var found []any
	for rows := 0; rows < mostRows && pages.HasMorePages(); {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			return nil, err
		}
		rows += len(page.TraceSummaries)
		found = append(found, page)
	}
	return found, nil
}

func (asker *asker) statistics(query Query) *xray.GetTimeSeriesServiceStatisticsPaginator {
	return xray.NewGetTimeSeriesServiceStatisticsPaginator(
		asker.client,
		&xray.GetTimeSeriesServiceStatisticsInput{
			StartTime:                &asker.from,
			EndTime:                  &asker.to,
			EntitySelectorExpression: unlessEmpty(query.Selector),
			GroupName:                unlessEmpty(query.Group),
			Period:                   aws.Int32(query.Period),
		},
	)
}

// insights asks the one page that Grafana asks, with no states for all of them.
func (asker *asker) insights(query Query) ([]any, error) {
	states := []types.InsightState{}
	if query.State != "" {
		states = append(states, types.InsightState(query.State))
	}
	input := &xray.GetInsightSummariesInput{
		StartTime: &asker.from, EndTime: &asker.to, States: states, GroupName: &query.Group,
	}
	return one(asker.client.GetInsightSummaries(context.Background(), input))
}

type pager[Page any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*xray.Options)) (Page, error)
}

func all[Page any](pages pager[Page]) ([]any, error) {
	var found []any
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			return nil, err
		}
		found = append(found, page)
	}
	return found, nil
}

func one[Page any](page Page, err error) ([]any, error) {
	return []any{page}, err
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
