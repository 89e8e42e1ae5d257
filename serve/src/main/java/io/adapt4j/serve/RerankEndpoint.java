package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.answer.Envelope;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/** Ranks documents by relevance to a query: {@code /v1/rerank}. */
final class RerankEndpoint implements Endpoint {

  private static final String DOCUMENTS = "documents";

  /** Number of documents after which others have their turn, and a request can be cancelled. */
  private static final int DOCUMENTS_A_TURN = 64;

  /** Cohere's limit. */
  private static final int MOST_DOCUMENTS = 1_000;

  private final Models models;
  private final AnswerPool computing;

  RerankEndpoint(Models models, AnswerPool computing) {
    this.models = models;
    this.computing = computing;
  }

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String name = parameters.text("model");
    RelevanceScorer scorer = models.reranker(name, RelevanceScorer.class);
    call.asks(name);
    String query = parameters.text("query");
    List<String> documents = documents(parameters.required(DOCUMENTS));
    int top = parameters.integer("top_n", 1, Integer.MAX_VALUE).orElse(documents.size());
    boolean returns = parameters.flag("return_documents");
    parameters.ignore("user");
    parameters.requireNoOthers();
    double[] scores =
        computing.compute(
            call,
            (onText, cancellation) -> scores(scorer, query, documents, cancellation),
            DOCUMENTS);
    ObjectNode json = Envelope.of("rerank-", call, false).json("list");
    ArrayNode results = json.putArray("results");
    for (int index : best(scores, top)) {
      ObjectNode result = results.addObject().put("index", index);
      result.put("relevance_score", scores[index]);
      if (returns) {
        result.putObject("document").put("text", documents.get(index));
      }
    }
    call.send(200, json);
  }

  private double[] scores(
      RelevanceScorer scorer,
      String query,
      List<String> documents,
      CancellationToken cancellation) {
    double[] scores = new double[documents.size()];
    for (int from = 0; from < scores.length; from += DOCUMENTS_A_TURN) {
      int to = Math.min(scores.length, from + DOCUMENTS_A_TURN);
      if (cancellation.isCancelled()) {
        throw new CancellationException();
      }
      double[] some = scorer.scores(query, documents.subList(from, to));
      System.arraycopy(some, 0, scores, from, to - from);
    }
    return scores;
  }

  private static List<String> documents(JsonNode json) {
    if (!json.isArray() || json.isEmpty() || json.size() > MOST_DOCUMENTS) {
      throw Fault.parameter(DOCUMENTS, "expected 1 to " + MOST_DOCUMENTS + " texts");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode document : json) {
      JsonNode text = document.isObject() ? document.path("text") : document;
      if (!text.isTextual()) {
        throw Fault.parameter(
            DOCUMENTS, "expected texts or objects with a text, found " + Parameters.kind(document));
      }
      texts.add(text.textValue());
    }
    return texts;
  }

  /** Returns the best first; of equal ones the first. */
  private static int[] best(double[] scores, int top) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> scores[i]).reversed())
        .limit(top)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
