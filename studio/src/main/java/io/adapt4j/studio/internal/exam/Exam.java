package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.stream.StreamSupport;

/** An exam: models that are asked the same tasks. */
public record Exam(
    String id,
    String name,
    Instant added,
    Data data,
    String model,
    boolean chat,
    List<Candidate> candidates,
    String corrections) {

  /**
   * The data that the questions are from.
   *
   * @param heldBack id of the training that the rows were held back from; empty for any rows
   */
  public record Data(String source, int rows, String heldBack) {}

  /**
   * A model that is asked.
   *
   * @param path folder of an adapter or a model; empty for the base model
   */
  public record Candidate(String run, String name, String path, String training) {

    public boolean isBase() {
      return path.isEmpty();
    }
  }

  public Exam {
    candidates = List.copyOf(candidates);
  }

  /** Returns whether it was started, after which it does not change. */
  public boolean isStarted() {
    return !candidates.isEmpty() && !candidates.get(0).run().isEmpty();
  }

  /** Returns a copy with other settings. */
  public Exam with(String newModel, boolean newChat, List<Candidate> newCandidates) {
    return new Exam(id, name, added, data, newModel, newChat, newCandidates, corrections);
  }

  Exam correctedIn(String source) {
    return new Exam(id, name, added, data, model, chat, candidates, source);
  }

  static Exam of(String id, JsonNode json) {
    JsonNode data = json.path("data");
    return new Exam(
        id,
        json.path("name").asText(),
        Instant.parse(json.path("added").asText()),
        new Data(
            data.path("source").asText(),
            data.path("rows").asInt(),
            data.path("heldBack").asText()),
        json.path("model").asText(),
        json.path("chat").asBoolean(),
        StreamSupport.stream(json.path("candidates").spliterator(), false)
            .map(
                each ->
                    new Candidate(
                        each.path("run").asText(),
                        each.path("name").asText(),
                        each.path("path").asText(),
                        each.path("training").asText()))
            .toList(),
        json.path("corrections").asText());
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name).put("added", added.toString());
    json.putObject("data")
        .put("source", data.source())
        .put("rows", data.rows())
        .put("heldBack", data.heldBack());
    json.put("model", model).put("chat", chat).put("corrections", corrections);
    for (Candidate each : candidates) {
      json.withArray("candidates")
          .addObject()
          .put("run", each.run())
          .put("name", each.name())
          .put("path", each.path())
          .put("training", each.training());
    }
    return json;
  }
}
