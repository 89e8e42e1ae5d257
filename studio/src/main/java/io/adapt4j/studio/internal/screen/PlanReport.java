package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.plan.Estimates;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Plans.Plan;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Report of a plan: memory by part, steps, time, and what is unusual. */
final class PlanReport {

  private final Estimates estimates;

  PlanReport(Estimates estimates) {
    this.estimates = estimates;
  }

  Map<String, Object> of(Look look, Plan plan, boolean sound) throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("id", plan.id());
    Optional<JsonNode> known = sound ? estimates.of(plan) : Optional.empty();
    Optional<Jobs.Job> job = estimates.job(plan);
    Optional<String> failed = job.flatMap(Jobs.Job::problem);
    boolean running = sound && failed.isEmpty() && (known.isEmpty() || job.isPresent());
    model.put("running", running);
    model.put("failed", sound ? failed : Optional.empty());
    model.put("known", known.isPresent());
    model.put("sound", sound);
    if (known.isPresent()) {
      add(model, look, known.get());
    }
    return model;
  }

  private static void add(Map<String, Object> model, Look look, JsonNode plan) {
    Formats formats = look.formats();
    JsonNode memory = plan.path("memory");
    List<Object> tiles = new ArrayList<>();
    if (memory.path("peakBytes").isNumber()) {
      tiles.add(
          Models.fact(look.message("plan_peak"), formats.bytes(memory.path("peakBytes").asLong())));
      tiles.add(
          Models.fact(
              look.message("machine_memory"), formats.bytes(memory.path("deviceBytes").asLong())));
    }
    tiles.add(Models.fact(look.message("plan_steps"), formats.count(plan.path("steps").asLong())));
    tiles.add(
        Models.fact(
            look.message("plan_rows"),
            formats.count(plan.path("trainExamples").asLong())
                + " + "
                + formats.count(plan.path("validationExamples").asLong())));
    tiles.add(
        Models.fact(
            look.message("plan_trained"),
            formats.count(plan.path("trainableParameters").asLong())));
    JsonNode timed = plan.path("timed");
    if (timed.isObject()) {
      tiles.add(
          Models.fact(
              look.message("plan_time"),
              formats.duration(
                  Duration.ofMillis(Math.round(1000 * timed.path("totalSeconds").asDouble())))));
    }
    model.put("tiles", tiles);
    model.put("timed", timed.isObject());
    model.put("fits", memory.path("fits").asBoolean(true));
    model.put("parts", parts(formats, memory));
    model.put("advice", texts(memory.path("advice")));
    List<String> remarks = new ArrayList<>(texts(plan.path("warnings")));
    remarks.addAll(texts(plan.path("data")));
    model.put("remarks", remarks);
    model.put("notes", texts(plan.path("notes")));
    List<Object> options = new ArrayList<>();
    for (JsonNode option : plan.path("options")) {
      options.add(
          Map.of(
              "name", option.path("name").asText(),
              "value", option.path("value").asText(),
              "default", option.path("default").asBoolean(),
              "note", option.path("note").asText()));
    }
    model.put("options", options);
    model.put(
        "left_out",
        plan.path("leftOut").asLong() + plan.path("truncated").asLong() == 0
            ? ""
            : look.message(
                "plan_left_out",
                formats.count(plan.path("leftOut").asLong()),
                formats.count(plan.path("truncated").asLong())));
  }

  /** Parts of the peak: what lasts, and what the phase with the peak adds. */
  private static List<Object> parts(Formats formats, JsonNode memory) {
    List<Map.Entry<String, JsonNode>> all = new ArrayList<>(memory.path("lasting").properties());
    all.addAll(memory.path("phases").path(memory.path("peakPhase").asText()).properties());
    all.removeIf(each -> each.getValue().asLong() == 0);
    all.sort(
        Comparator.comparingLong((Map.Entry<String, JsonNode> each) -> each.getValue().asLong())
            .reversed());
    double most = all.isEmpty() ? 1 : all.get(0).getValue().asDouble();
    List<Object> parts = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : all) {
      parts.add(
          Map.of(
              "name", each.getKey(),
              "size", formats.bytes(each.getValue().asLong()),
              "bar", Charts.bar(each.getValue().asDouble() / most)));
    }
    return parts;
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    for (JsonNode each : array) {
      texts.add(each.isTextual() ? each.asText() : each.path("change").asText(each.toString()));
    }
    return texts;
  }
}
