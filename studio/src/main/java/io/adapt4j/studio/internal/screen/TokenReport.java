package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Fixes;
import io.adapt4j.studio.internal.data.TokenLengths;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.plan.FirstPlan;
import io.adapt4j.studio.internal.plan.PlanText;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Plans;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Source.Fix;
import io.adapt4j.studio.internal.web.Fields;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Part of the doctor's page about the number of tokens of rows. */
public final class TokenReport {

  private static final int SIZE = 10;
  private static final int MOST = 1_000_000;
  private static final int USUAL = 512;

  private final Pages pages;
  private final LocalModels models;
  private final Plans plans;
  private final TokenLengths lengths;

  public TokenReport(Pages pages, LocalModels models, Plans plans, TokenLengths lengths) {
    this.pages = pages;
    this.models = models;
    this.plans = plans;
    this.lengths = lengths;
  }

  private Map<String, String> names() {
    Map<String, String> names = new LinkedHashMap<>();
    models.all().stream()
        .filter(each -> each.problem().isEmpty() && Files.isDirectory(each.path()))
        .forEach(each -> names.put(each.path().toString(), each.name()));
    return names;
  }

  void choose(Source source, Fields form) throws IOException {
    int limit = form.number("limit", 0, 2, MOST);
    if (limit == 0 || !names().containsKey(form.text("model"))) {
      throw new Refusal(422, "refused_tokens");
    }
    lengths.choose(source, Path.of(form.text("model")), limit);
  }

  void again(Source source) {
    lengths.again(source);
  }

  /** Returns whether a fix is one that the page offers now. */
  boolean offers(Source source, Fix fix) throws IOException {
    return fixes(lengths.of(source)).contains(fix);
  }

  private static List<Fix> fixes(JsonNode counted) {
    List<Fix> fixes = new ArrayList<>();
    String model = counted.path("model").asText();
    if (counted.path("room").asInt() > 0) {
      fixes.add(new Fix(Fixes.TRUNCATE, Fixes.tokens(counted.path("room").asInt(), model)));
    }
    fixes.add(new Fix(Fixes.DROP_LONG, Fixes.tokens(counted.path("limit").asInt(), model)));
    return counted.path("over").asInt() > 0 ? fixes : List.of();
  }

  /** Returns the part; it is empty if there is no model. */
  String part(Look look, Source source, Fields query) throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("id", source.id());
    add(model, look, source, query);
    return names().isEmpty() ? "" : pages.part(look, "doctor-tokens", model);
  }

  private void add(Map<String, Object> model, Look look, Source source, Fields query)
      throws IOException {
    JsonNode counted = lengths.of(source);
    Map<String, String> names = names();
    String chosen = counted.path("model").asText(names.keySet().stream().findFirst().orElse(""));
    OptionalInt context = context(chosen);
    int limit =
        counted.path("limit").asInt(planned(source, Math.min(USUAL, context.orElse(USUAL))));
    model.put("token_models", Models.choices(names, chosen));
    model.put("token_limit", limit);
    model.put("token_failed", lengths.job(source).flatMap(Jobs.Job::problem));
    model.put("token_running", lengths.job(source).filter(Jobs.Job::isRunning).isPresent());
    if (!counted.has("of")) {
      return;
    }
    List<Integer> counts = new ArrayList<>();
    counted.path("classes").forEach(each -> counts.add(each.asInt()));
    model.put(
        "token_chart",
        Charts.columns(look.message("chart_tokens"), counts, Lengths.classes(look, counts.size())));
    long over = counted.path("over").asLong();
    Formats formats = look.formats();
    model.put("token_over", over > 0);
    model.put(
        "token_text",
        over == 0
            ? look.message("tokens_fit", formats.count(counted.path("longest").asLong()))
            : look.message("tokens_over", formats.count(over), formats.count(limit)));
    model.put(
        "token_context",
        context.isPresent() && limit > context.getAsInt()
            ? look.message("tokens_context", formats.count(context.getAsInt()))
            : "");
    model.put(
        "token_fixes",
        fixes(counted).stream()
            .map(fix -> Map.of("action", fix.action(), "of", fix.of()))
            .toList());
    String mask =
        look.to("data/" + source.id() + "/mask?model=")
            + URLEncoder.encode(chosen, StandardCharsets.UTF_8)
            + (FirstPlan.chats(Path.of(chosen)) ? "&asChat=1" : "")
            + ("&maxLength=" + limit + "&row=");
    List<JsonNode> rows = new ArrayList<>();
    counted.path("rows").forEach(rows::add);
    int page = query.number("long", 0, 0, MOST);
    model.put(
        "token_rows",
        Models.onPage(rows, page, SIZE).stream()
            .map(
                each ->
                    Map.of(
                        "place", Places.brief(each.path("place").asText()),
                        "row", mask + (each.path("row").asInt() + 1),
                        "tokens", formats.count(each.path("tokens").asLong())))
            .toList());
    String address = look.to("data/" + source.id() + "/doctor?long=");
    model.put("token_pages", Models.pages(look, address, page, SIZE, rows.size()));
  }

  private static OptionalInt context(String model) {
    try {
      return model.isEmpty() ? OptionalInt.empty() : ModelInfo.read(Path.of(model)).contextLength();
    } catch (Adapt4jException e) {
      return OptionalInt.empty();
    }
  }

  /** Returns the length limit of the newest plan with this data that has one. */
  private int planned(Source source, int otherwise) throws IOException {
    return plans.all().stream()
        .filter(plan -> plan.source().equals(source.id()))
        .map(plan -> PlanText.form(plan.yaml()).getOrDefault("maxLength", ""))
        .filter(text -> text.matches("[1-9]\\d{0,5}"))
        .map(Integer::parseInt)
        .findFirst()
        .orElse(otherwise);
  }
}
