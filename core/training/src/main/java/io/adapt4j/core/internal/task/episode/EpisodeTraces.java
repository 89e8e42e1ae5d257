package io.adapt4j.core.internal.task.episode;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.reinforce.Turn;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Rollouts of a run as JSON lines: a file per rollout, a line per completion. */
public record EpisodeTraces(Path folder) {

  /**
   * Completion of a rollout with its rewards by function; the total includes those of the
   * environment.
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Trace(
      int[] prompt, List<EpisodeTurn> turns, Map<String, Double> rewards, double total) {}

  /** Name of a drawing: its rollout, and the attempt of dynamic sampling, 0 for the first one. */
  public record Name(int rollout, int attempt) {

    String file() {
      return "rollout-%06d%s.jsonl"
          .formatted(rollout, attempt == 0 ? "" : "-retry-%d".formatted(attempt));
    }
  }

  /** Writes a rollout, replacing that of an interrupted run. */
  public void write(Name name, List<Trace> traces) {
    StringBuilder lines = new StringBuilder();
    for (Trace trace : traces) {
      lines.append(Json.compact(written(trace))).append('\n');
    }
    try {
      AtomicFiles.writeText(folder.resolve(name.file()), lines.toString());
    } catch (IOException e) {
      throw new TrainingException("The traces in " + folder + " cannot be written: " + e, e);
    }
  }

  public List<Trace> read(Name name) {
    Path file = folder.resolve(name.file());
    List<Trace> traces = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        traces.add(read(Json.parse(line)));
      }
    } catch (JsonProcessingException e) {
      throw new TrainingException(
          "%s line %s: expected JSON, found %s"
              .formatted(file, traces.size() + 1, e.getOriginalMessage()),
          e);
    } catch (IOException e) {
      throw new TrainingException(
          "The trace "
              + file
              + " cannot be read. Replay a run of the same data, seed and options: "
              + e,
          e);
    }
    return traces;
  }

  private static ObjectNode written(Trace trace) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    integers(json.putArray("prompt"), trace.prompt());
    ArrayNode turns = json.putArray("turns");
    for (EpisodeTurn turn : trace.turns()) {
      ObjectNode node = turns.addObject();
      node.put("text", turn.answer().text());
      integers(node.putArray("tokens"), turn.ids());
      ArrayNode logProbs = node.putArray("logprobs");
      for (float logProb : turn.logProbs()) {
        logProbs.add(logProb);
      }
      node.put("truncated", turn.answer().truncated()).put("last", turn.answer().last());
      ArrayNode calls = node.putArray("calls");
      for (Turn.Call call : turn.answer().calls()) {
        ObjectNode made = calls.addObject().put("name", call.name());
        made.set("arguments", PlainJson.object(call.arguments()));
        made.put("result", call.result()).put("failed", call.failed());
      }
      turn.reply().ifPresent(text -> node.put("reply", text));
      integers(node.putArray("observation"), turn.observation());
      put(node, "reward", turn.reward());
    }
    ObjectNode rewards = json.putObject("rewards");
    trace.rewards().forEach((name, reward) -> put(rewards, name, reward));
    put(json, "total", trace.total());
    return json;
  }

  private static void put(ObjectNode node, String name, double number) {
    if (Double.isNaN(number)) {
      node.putNull(name);
    } else {
      node.put(name, number);
    }
  }

  private static void integers(ArrayNode array, int[] values) {
    for (int value : values) {
      array.add(value);
    }
  }

  @SuppressWarnings("unchecked")
  private static Trace read(JsonNode json) {
    List<EpisodeTurn> turns = new ArrayList<>();
    for (JsonNode node : json.path("turns")) {
      List<Turn.Call> calls = new ArrayList<>();
      for (JsonNode call : node.path("calls")) {
        calls.add(
            new Turn.Call(
                call.path("name").asText(),
                (Map<String, Object>) PlainJson.value(call.path("arguments")),
                call.path("result").asText(),
                call.path("failed").asBoolean()));
      }
      JsonNode given = node.path("logprobs");
      float[] logProbs = new float[given.size()];
      for (int i = 0; i < logProbs.length; i++) {
        logProbs[i] = Float.parseFloat(given.get(i).asText());
      }
      turns.add(
          new EpisodeTurn(
              new Turn(
                  turns.size() + 1,
                  node.path("text").asText(),
                  calls,
                  node.path("truncated").asBoolean(),
                  node.path("last").asBoolean()),
              integers(node.path("tokens")),
              logProbs,
              Optional.ofNullable(node.get("reply")).map(JsonNode::asText),
              integers(node.path("observation")),
              number(node.path("reward"))));
    }
    return new Trace(integers(json.path("prompt")), turns, Map.of(), number(json.path("total")));
  }

  private static double number(JsonNode value) {
    return value.isNumber() ? value.asDouble() : Double.NaN;
  }

  private static int[] integers(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
