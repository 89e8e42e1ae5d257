package io.adapt4j.langchain4j;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.scoring.ScoringModel;
import io.adapt4j.rag.spi.Reranker;
import java.util.List;

/** A LangChain4j scoring model as an Adapt4J reranker. */
record LangChain4jReranker(ScoringModel model) implements Reranker {

  @Override
  public double[] scores(String question, List<String> passages) {
    List<TextSegment> segments = passages.stream().map(TextSegment::from).toList();
    return model.scoreAll(segments, question).content().stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }
}
