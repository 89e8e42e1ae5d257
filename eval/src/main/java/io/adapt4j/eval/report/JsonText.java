package io.adapt4j.eval.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Duration;
import java.util.Objects;

/** A report as JSON, for builds and for {@link StoredReport}. */
final class JsonText {

  /** Changes when a key changes its meaning or is removed; new keys do not change it. */
  static final String SCHEMA = "adapt4j-evaluation/1";

  private JsonText() {}

  static String of(Content content) {
    ObjectNode json = object();
    json.put("schema", SCHEMA).put("title", content.title());
    json.put("written", content.written().toString());
    ArrayNode candidates = json.putArray("candidates");
    content.reports().forEach(report -> candidates.add(candidate(content, report)));
    if (content.isComparison()) {
      json.put("baseline", content.first().candidate());
      json.put("retention_threshold", content.retentionThreshold().orElseThrow());
      ArrayNode comparisons = json.putArray("comparisons");
      content.comparisons().forEach(comparison -> comparisons.add(comparison(comparison)));
    }
    return Json.indented(json);
  }

  private static ObjectNode candidate(Content content, EvaluationReport report) {
    ObjectNode json = object().put("name", report.candidate()).put("identity", report.identity());
    json.set("cost", cost(report.cost()));
    ArrayNode tasks = json.putArray("tasks");
    report.results().forEach(result -> tasks.add(task(content, result)));
    return json;
  }

  private static ObjectNode cost(Cost cost) {
    return object()
        .put("asked", cost.asked())
        .put("kept", cost.kept())
        .put("prompt_tokens", cost.promptTokens())
        .put("new_tokens", cost.newTokens())
        .put("candidate_seconds", seconds(cost.candidate()))
        .put("total_seconds", seconds(cost.total()));
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private static ObjectNode task(Content content, TaskResult result) {
    ObjectNode json =
        object()
            .put("name", result.task())
            .put("general", result.isGeneral())
            .put("items", result.outcomes().size())
            .put("failures", content.analysis(result).failures().size())
            .put("primary", result.primary().name());
    ArrayNode metrics = json.putArray("figures");
    for (TaskMetric metric : result.definitions()) {
      ObjectNode node = object().put("name", metric.name());
      node.put("larger_is_better", metric.largerIsBetter());
      metrics.add(put(node, Objects.requireNonNull(result.metrics().get(metric.name()))));
    }
    return json;
  }

  private static ObjectNode comparison(TaskComparison comparison) {
    ObjectNode json =
        object()
            .put("candidate", comparison.candidate())
            .put("baseline", comparison.baseline())
            .put("task", comparison.task())
            .put("figure", comparison.metric().name())
            .put("larger_is_better", comparison.largerIsBetter());
    json.set("difference", put(object(), comparison.difference()));
    json.put("p_value", comparison.pValue());
    comparison.mcNemar().ifPresent(value -> json.put("mcnemar_p_value", value));
    json.put("wins", comparison.wins())
        .put("ties", comparison.ties())
        .put("losses", comparison.losses());
    json.put("verdict", Verdicts.of(comparison).replace(' ', '_'));
    comparison
        .retention()
        .ifPresent(
            kept ->
                json.set(
                    "retention",
                    put(object(), kept.kept()).put("verdict", Verdicts.of(kept.verdict()))));
    return json;
  }

  private static ObjectNode put(ObjectNode json, ConfidenceInterval interval) {
    put(json, "value", interval.value());
    put(json, "low", interval.low());
    put(json, "high", interval.high());
    return json.put("confidence", interval.confidence());
  }

  /** JSON has no infinity and no NaN. */
  private static void put(ObjectNode json, String key, double value) {
    if (Double.isFinite(value)) {
      json.put(key, value);
    } else {
      json.putNull(key);
    }
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}
