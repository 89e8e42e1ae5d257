package io.adapt4j.federated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileChecksums;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** State in a round's folder, next to its adapter. */
record RunState(String identity, List<RoundReport> rounds) {

  static final String FILE = "federated.json";

  private static final String FILES = "files";

  RunState {
    rounds = List.copyOf(rounds);
  }

  RunState with(RoundReport report) {
    List<RoundReport> all = new ArrayList<>(rounds);
    all.add(report);
    return new RunState(identity, all);
  }

  /** Writes the file that completes the folder of a round, with the checksums of all others. */
  void complete(Path folder) throws IOException {
    ObjectNode json = toJson();
    json.set(FILES, FileChecksums.of(folder));
    CheckedJson.write(folder.resolve(FILE), json);
  }

  /** Writes the reports. */
  void write(Path folder) throws IOException {
    CheckedJson.write(folder.resolve(FILE), toJson());
  }

  private ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("identity", identity);
    for (RoundReport round : rounds) {
      write(round, json.withArray("/rounds").addObject());
    }
    return json;
  }

  private static void write(RoundReport round, ObjectNode json) {
    json.put("round", round.round());
    json.put("meanNorm", round.meanNorm());
    json.put("factorMeanError", round.factorMeanError());
    json.put("aggregationError", round.aggregationError());
    round.epsilon().ifPresent(epsilon -> json.put("epsilon", epsilon));
    json.put("seconds", seconds(round.elapsed()));
    json.putArray("sites");
    for (SiteReport site : round.sites()) {
      ObjectNode entry = json.withArray("/sites").addObject();
      entry.put("site", site.site());
      entry.put("attempts", site.attempts());
      site.failure().ifPresent(failure -> entry.put("failure", failure));
      entry.put("targetTokens", site.targetTokens());
      entry.put("steps", site.steps());
      entry.put("firstLoss", site.firstLoss());
      entry.put("lastLoss", site.lastLoss());
      entry.put("weight", site.weight());
      entry.put("updateNorm", site.updateNorm());
      entry.put("bytes", site.bytes());
      entry.put("seconds", seconds(site.elapsed()));
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  static RunState read(Path folder, int round) throws IOException {
    CheckedJson.Content content = CheckedJson.read(folder.resolve(FILE));
    Optional<String> problem = FileChecksums.problem(folder, content.json().path(FILES));
    if (problem.isPresent()) {
      throw new IOException(problem.get());
    }
    List<RoundReport> rounds = new ArrayList<>();
    content.json().path("rounds").forEach(report -> rounds.add(round(report)));
    if (rounds.size() != round || !content.json().path("identity").isTextual()) {
      throw new IOException(FILE + " is not of round " + round);
    }
    return new RunState(content.json().path("identity").textValue(), rounds);
  }

  private static RoundReport round(JsonNode json) {
    List<SiteReport> sites = new ArrayList<>();
    json.path("sites").forEach(site -> sites.add(site(site)));
    return new RoundReport(
        json.path("round").asInt(),
        sites,
        json.path("meanNorm").asDouble(),
        json.path("factorMeanError").asDouble(),
        json.path("aggregationError").asDouble(),
        json.has("epsilon")
            ? OptionalDouble.of(json.path("epsilon").asDouble())
            : OptionalDouble.empty(),
        duration(json));
  }

  private static SiteReport site(JsonNode json) {
    return new SiteReport(
        json.path("site").asText(),
        json.path("attempts").asInt(),
        Optional.ofNullable(json.path("failure").textValue()),
        json.path("targetTokens").asLong(),
        json.path("steps").asInt(),
        json.path("firstLoss").asDouble(),
        json.path("lastLoss").asDouble(),
        json.path("weight").asDouble(),
        json.path("updateNorm").asDouble(),
        json.path("bytes").asLong(),
        duration(json));
  }

  private static Duration duration(JsonNode json) {
    return Duration.ofMillis(Math.round(1000 * json.path("seconds").asDouble()));
  }
}
