package main

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

const (
	scans      = 4
	mostTraces = 10_000
)

// analytics scans the four quarters of the range side by side, a page of each at a time.
//
// Without a filter the share of traces to read follows from their number. With one the share is
// halved between two pages, under the tokens that are there, as often as more than mostTraces are
// held; half of those are let go then, so only their number is kept here.
func (asker *asker) analytics(query Query) ([]any, error) {
	share := 1.0
	var found []any
	if query.Filter == "" {
		query.Period = 60
		counted, count, err := asker.count(query)
		if err != nil {
			return nil, err
		}
		found = counted
		share = math.Min(1, mostTraces/float64(count))
	}
	inputs := asker.quarters(query.Filter)
	held := 0
	for len(inputs) > 0 {
		pages, err := asker.round(inputs, share)
		if err != nil {
			return nil, err
		}
		var more []*xray.GetTraceSummariesInput
		for place, page := range pages {
			found = append(found, page)
			held += len(page.TraceSummaries)
			if inputs[place].NextToken = page.NextToken; page.NextToken != nil {
				more = append(more, inputs[place])
			}
		}
		inputs = more
		if query.Filter != "" && held > mostTraces {
			held /= 2
			share /= 2
		}
	}
	return found, nil
}

func (asker *asker) count(query Query) ([]any, int64, error) {
	found, err := all(asker.statistics(query))
	count := int64(0)
	for _, page := range found {
		for _, row := range page.(*xray.GetTimeSeriesServiceStatisticsOutput).TimeSeriesServiceStatistics {
			if row.ServiceSummaryStatistics != nil {
				count += *row.ServiceSummaryStatistics.TotalCount
			} else if row.EdgeSummaryStatistics != nil {
				count += *row.EdgeSummaryStatistics.TotalCount
			}
		}
	}
	return found, count, err
}

func (asker *asker) quarters(filter string) []*xray.GetTraceSummariesInput {
	quarter := asker.to.Sub(asker.from) / scans
	var inputs []*xray.GetTraceSummariesInput
	for place := range scans {
		start := asker.from.Add(time.Duration(place) * quarter)
		inputs = append(inputs, &xray.GetTraceSummariesInput{
			StartTime:        &start,
			EndTime:          aws.Time(start.Add(quarter)),
			FilterExpression: unlessEmpty(filter),
			TimeRangeType:    types.TimeRangeTypeEvent,
			Sampling:         aws.Bool(true),
		})
	}
	return inputs
}

func (asker *asker) round(inputs []*xray.GetTraceSummariesInput, share float64) ([]*xray.GetTraceSummariesOutput, error) {
	pages := make([]*xray.GetTraceSummariesOutput, len(inputs))
	errors := make([]error, len(inputs))
	var group sync.WaitGroup
	for place, input := range inputs {
		input.SamplingStrategy = &types.SamplingStrategy{
			Name: types.SamplingStrategyNameFixedRate, Value: &share,
		}
		group.Go(func() {
			pages[place], errors[place] = asker.client.GetTraceSummaries(context.Background(), input)
		})
	}
	group.Wait()
	for _, err := range errors {
		if err != nil {
			return nil, err
		}
	}
	return pages, nil
}
