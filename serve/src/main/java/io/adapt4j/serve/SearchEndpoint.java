package io.adapt4j.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.util.List;

/** Finds passages of documents, for clients of {@code /mcp}. */
record SearchEndpoint(Models models, AnswerPool computing) implements Endpoint {

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String name = parameters.text("model");
    QuestionAnswering.Searchable search =
        models.questionAnswering(name, QuestionAnswering.Searchable.class);
    call.asks(name);
    String question = parameters.text("question");
    parameters.requireNoOthers();
    List<QuestionAnswering.Passage> found =
        computing.compute(call, (onText, cancellation) -> search.search(question), "question");
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode passages = json.putArray("passages");
    for (QuestionAnswering.Passage passage : found) {
      ObjectNode entry = passages.addObject().put("document_id", passage.documentId());
      entry.put("title", passage.title()).put("start", passage.start());
      entry.put("end", passage.end()).put("text", passage.text()).put("score", passage.score());
    }
    call.send(200, json);
  }
}
