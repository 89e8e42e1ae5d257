package io.adapt4j.langchain4j;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.scoring.ScoringModel;
import io.adapt4j.rag.spi.Reranker;
import java.util.Arrays;
import java.util.List;

/** An Adapt4J reranker as a LangChain4j scoring model. */
record RerankerScoringModel(Reranker reranker) implements ScoringModel {

  @Override
  public Response<List<Double>> scoreAll(List<TextSegment> segments, String query) {
    List<String> texts = segments.stream().map(TextSegment::text).toList();
    return Response.from(
        texts.isEmpty()
            ? List.of()
            : Arrays.stream(reranker.scores(query, texts)).boxed().toList());
  }
}
