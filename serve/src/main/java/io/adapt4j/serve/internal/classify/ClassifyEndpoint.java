package io.adapt4j.serve.internal.classify;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.Classification;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.answer.Envelope;
import io.adapt4j.serve.internal.answer.JoinedInputs;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Classifies texts: {@code /v1/classify}, with the fields of vLLM's endpoint. */
public final class ClassifyEndpoint implements Endpoint {

  private static final String INPUT = "input";
  private static final int MOST_TEXTS = 1_000;

  private final Models models;
  private final AnswerPool computing;
  private final Map<TextClassifier, JoinedInputs<String, Classification>> joined =
      new ConcurrentHashMap<>();

  public ClassifyEndpoint(Models models, AnswerPool computing) {
    this.models = models;
    this.computing = computing;
  }

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String name = parameters.text("model");
    TextClassifier classifier = models.classifier(name);
    call.asks(name);
    List<String> texts = parameters.strings(INPUT);
    if (texts.isEmpty() || texts.size() > MOST_TEXTS || texts.contains("")) {
      throw Fault.parameter(INPUT, "expected 1 to " + MOST_TEXTS + " texts, none empty");
    }
    parameters.ignore("user");
    parameters.requireNoOthers();
    JoinedInputs<String, Classification> all =
        joined.computeIfAbsent(classifier, key -> new JoinedInputs<>(key::classifyAll));
    List<Classification> found =
        computing.compute(call, (onText, cancellation) -> all.compute(texts, cancellation), INPUT);
    ObjectNode json = Envelope.of("classify-", call, false).json("list");
    ArrayNode data = json.putArray("data");
    for (int i = 0; i < found.size(); i++) {
      add(data, i, found.get(i));
    }
    call.send(200, json);
  }

  private static void add(ArrayNode data, int index, Classification found) {
    ObjectNode entry = data.addObject().put("index", index).put("label", found.label());
    ArrayNode scores = entry.putArray("probs");
    found.scores().forEach(score -> scores.add(score.score()));
    entry.put("num_classes", found.scores().size());
    ArrayNode labels = entry.putArray("labels");
    found.scores().forEach(score -> labels.add(score.label()));
  }
}
