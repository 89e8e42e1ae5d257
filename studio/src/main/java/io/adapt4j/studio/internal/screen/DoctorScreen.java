package io.adapt4j.studio.internal.screen;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.Finding;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Examination;
import io.adapt4j.studio.internal.data.ExampleFields;
import io.adapt4j.studio.internal.data.Fixes;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Source.Fix;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Findings in the rows of a source, each with its row, and the fixes. */
public final class DoctorScreen implements Screen {

  private static final int SIZE = 10;
  private static final int SHOWN = 4000;
  private static final int MOST_FIXES = 2000;
  private static final int FEWEST_ROWS = 10;

  private final Pages pages;
  private final Sources sources;
  private final Inspections inspections;
  private final Doctor doctor;
  private final TokenReport tokens;

  public DoctorScreen(PlanScreen.Opened opened, Pages pages, TokenReport tokens) {
    this.pages = pages;
    this.sources = opened.sources();
    this.inspections = opened.inspections();
    this.doctor = opened.doctor();
    this.tokens = tokens;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    Source source = sources.get(request.segment(1));
    if (request.isSafe() && request.path().size() == 3) {
      return page(request, look, source);
    }
    if (request.isSafe() && request.segment(3).equals("tokens") && request.path().size() == 4) {
      return Response.html(tokens.part(look, source, request.query()));
    }
    if (request.isPost() && request.path().size() == 4) {
      return switch (request.segment(3)) {
        case "fix" -> fix(request.form(), look, source);
        case "undo" -> undo(request.form(), look, source);
        case "tokens" -> {
          tokens.choose(source, request.form());
          yield Response.see(look.to("data/" + source.id() + "/doctor#tokens"));
        }
        case "test" -> test(request.form(), look, source);
        case "split" -> split(request.form(), look, source);
        default -> throw Refusal.notFound();
      };
    }
    throw Refusal.notFound();
  }

  private synchronized Response fix(Fields form, Look look, Source source) throws IOException {
    Fix fix = new Fix(form.text("action"), form.text("of"));
    List<Fix> fixes = new ArrayList<>(source.fixes());
    if (!isKnown(source, fix) || fixes.size() >= MOST_FIXES) {
      throw new Refusal(422, "refused_fix");
    }
    if (!fixes.contains(fix)) {
      fixes.add(fix);
    }
    return changed(look, source.withFixes(fixes), "fixed", form.text("check"));
  }

  /** A row is one that was found something in, a leak one of named test rows. */
  private boolean isKnown(Source source, Fix fix) throws IOException {
    return Fixes.isOfTokens(fix)
        ? tokens.offers(source, fix)
        : Fixes.isKnown(fix)
            && (!fix.of().equals(Check.LEAKAGE.name()) || doctor.test(source).isPresent())
            && (!fix.action().equals(Fixes.ROW)
                || doctor.of(source).stream()
                    .flatMap(found -> found.findings().stream())
                    .anyMatch(finding -> finding.place().equals(fix.of())));
  }

  private synchronized Response undo(Fields form, Look look, Source source) throws IOException {
    Fix fix = new Fix(form.text("action"), form.text("of"));
    List<Fix> fixes = new ArrayList<>(source.fixes());
    fixes.remove(fix);
    return changed(look, source.withFixes(fixes), "undone", form.text("check"));
  }

  /** Names the rows that a model is tested on, or none. */
  private synchronized Response test(Fields form, Look look, Source source) throws IOException {
    String test = form.text("test");
    if (!test.isEmpty()
        && (test.equals(source.id())
            || !inspections.of(sources.get(test)).map(Inspection::isReadable).orElse(false))) {
      throw new Refusal(422, "refused_test");
    }
    return changed(look, source.testedOn(test), "read", "");
  }

  private Response split(Fields form, Look look, Source source) throws IOException {
    int percent = form.number("percent", 0, 1, 50);
    Optional<Examination> known = doctor.of(source);
    if (percent == 0 || known.isEmpty() || known.get().rows() < FEWEST_ROWS) {
      throw new Refusal(422, "refused_split");
    }
    Source training =
        doctor.split(
            source,
            percent / 100.0,
            look.message("split_training", source.name()),
            look.message("split_test", source.name()));
    return Response.see(look.to("data/" + training.id() + "/doctor?done=split"));
  }

  private Response changed(Look look, Source source, String done, String check) throws IOException {
    sources.save(source);
    doctor.again(source);
    tokens.again(source);
    return Response.see(
        look.to(
            "data/"
                + source.id()
                + "/doctor?done="
                + done
                + check(check).map(each -> "&check=" + each.name()).orElse("")));
  }

  private static Optional<Check> check(String name) {
    for (Check check : Check.values()) {
      if (check.name().equals(name)) {
        return Optional.of(check);
      }
    }
    return Optional.empty();
  }

  private Response page(Request request, Look look, Source source) throws IOException {
    Optional<Inspection> inspection = inspections.of(source);
    Map<String, Object> model = SourceHead.of(look, source, "doctor", inspection);
    boolean readable = inspection.map(Inspection::isReadable).orElse(false);
    Optional<Examination> known = readable ? doctor.of(source) : Optional.empty();
    Optional<String> failed = doctor.job(source).flatMap(Jobs.Job::problem);
    boolean looking =
        inspection.isEmpty() && inspections.job(source).flatMap(Jobs.Job::problem).isEmpty();
    model.put(
        "failed", readable || looking ? failed : Optional.of(look.message("doctor_unreadable")));
    model.put("running", looking || (readable && known.isEmpty() && failed.isEmpty()));
    model.put("live", look.to("data/" + source.id() + "/doctor"));
    model.put("fixes", fixes(look, source));
    boolean part = request.header("X-Part").isPresent();
    if (known.isEmpty()) {
      return Response.html(
          part ? pages.part(look, "waiting", model) : pages.page(look, "doctor", "start", model));
    }
    if (part) {
      return Response.html("").with("X-Reload", "1");
    }
    model.put("token_part", new Markup(tokens.part(look, source, request.query())));
    add(model, look, source, known.get(), request.query());
    return Response.html(pages.page(look, "doctor", "start", model));
  }

  private void add(
      Map<String, Object> model, Look look, Source source, Examination found, Fields query)
      throws IOException {
    Formats formats = look.formats();
    List<Check> checks = new ArrayList<>(found.counts().keySet());
    checks.sort(Comparator.comparing(Check::severity).reversed().thenComparing(check -> check));
    Optional<Check> asked = check(query.text("check")).filter(checks::contains);
    Optional<Check> chosen = asked.or(() -> checks.stream().findFirst());
    model.put(
        "tiles",
        List.of(
            Models.fact(look.message("rows"), formats.count(found.rows())),
            Models.fact(
                look.message("rows_left_out"), formats.count(found.before() - found.rows())),
            Models.fact(
                look.message("findings"),
                formats.count(found.counts().values().stream().mapToLong(n -> n).sum()))));
    model.put(
        "checks", checks.stream().map(each -> row(look, source, found, each, chosen)).toList());
    model.put("sound", checks.isEmpty());
    model.put(
        "clean", String.join(", ", found.clean().stream().map(each -> name(look, each)).toList()));
    model.put("charts", charts(look, found));
    addTests(model, source);
    model.put("splits", found.rows() >= FEWEST_ROWS);
    chosen.ifPresent(each -> model.put("chosen", each.name()));
    chosen.ifPresent(each -> model.put("chosen_name", name(look, each)));
    List<Finding> findings =
        chosen.isEmpty()
            ? List.of()
            : found.findings().stream().filter(each -> each.check() == chosen.get()).toList();
    int page = query.number("page", 0, 0, 1_000_000);
    model.put("findings", findings(source, Models.onPage(findings, page, SIZE)));
    String address =
        look.to("data/" + source.id() + "/doctor?check=")
            + chosen.map(Enum::name).orElse("")
            + "&page=";
    model.put("pages", Models.pages(look, address, page, SIZE, findings.size()));
    long all = chosen.map(each -> found.counts().getOrDefault(each, 0L)).orElse(0L);
    model.put(
        "more",
        all > findings.size() && !findings.isEmpty()
            ? look.message("findings_kept", formats.count(findings.size()), formats.count(all))
            : "");
  }

  private void addTests(Map<String, Object> model, Source source) throws IOException {
    List<Object> tests = new ArrayList<>();
    for (Source other : sources.all()) {
      boolean chosen = other.id().equals(source.test());
      boolean readable = inspections.of(other).map(Inspection::isReadable).orElse(false);
      if (chosen || (readable && !other.id().equals(source.id()))) {
        tests.add(Map.of("value", other.id(), "name", other.name(), "chosen", chosen));
      }
    }
    model.put("tests", tests);
  }

  private static String name(Look look, Check check) {
    return look.message("check_" + check.name().toLowerCase(Locale.ROOT));
  }

  private static Map<String, Object> row(
      Look look, Source source, Examination found, Check check, Optional<Check> chosen) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("key", check.name());
    row.put("name", name(look, check));
    row.put(
        "severity", look.message("severity_" + check.severity().name().toLowerCase(Locale.ROOT)));
    row.put(
        "badge",
        switch (check.severity()) {
          case ERROR -> "bad";
          case WARNING -> "warn";
          case INFO -> "info";
        });
    row.put("count", look.formats().count(found.counts().getOrDefault(check, 0L)));
    row.put("path", look.to("data/" + source.id() + "/doctor?check=" + check.name()));
    row.put("active", chosen.filter(each -> each == check).isPresent());
    row.put(
        "actions",
        Fixes.of(check).stream()
            .filter(action -> !source.fixes().contains(new Fix(action, check.name())))
            .map(action -> Map.of("key", action, "name", look.message("fix_" + action)))
            .toList());
    return row;
  }

  private static List<Object> fixes(Look look, Source source) {
    List<Object> fixes = new ArrayList<>();
    for (Fix fix : source.fixes()) {
      String of =
          Fixes.isOfTokens(fix)
              ? look.message("tokens_of", fix.of().split(" ", 2)[0], Places.brief(fix.of()))
              : fix.action().equals(Fixes.ROW)
                  ? Places.brief(fix.of())
                  : check(fix.of()).map(each -> name(look, each)).orElse(fix.of());
      fixes.add(
          Map.of(
              "action", fix.action(),
              "of", fix.of(),
              "name", look.message("fix_" + fix.action()),
              "what", of));
    }
    return fixes;
  }

  private List<Object> findings(Source source, List<Finding> findings) throws IOException {
    if (findings.isEmpty()) {
      return List.of();
    }
    List<Object> shown = new ArrayList<>();
    boolean leaked = findings.get(0).check() == Check.LEAKAGE;
    // A leak is found in a test row, and its message names the row of the training.
    Dataset rows = leaked ? doctor.test(source).orElse(doctor.rows(source)) : doctor.rows(source);
    for (Finding finding : findings) {
      Map<String, Object> row = new LinkedHashMap<>();
      boolean single = finding.row() >= 0 && finding.row() < rows.size();
      row.put("place", Places.brief(finding.place()));
      row.put("at", finding.place());
      row.put("message", finding.message().replace(folder(source), ""));
      row.put("single", single && !leaked);
      row.put("fields", single ? fields(rows, finding.row()) : List.of());
      shown.add(row);
    }
    return shown;
  }

  /** The folder of the rows, which messages need not repeat. */
  private static String folder(Source source) {
    Path folder = source.path().getParent();
    return folder == null ? "" : folder + folder.getFileSystem().getSeparator();
  }

  static List<Object> fields(Dataset rows, int row) {
    try {
      List<Object> fields = new ArrayList<>();
      for (ExampleFields.Field field : ExampleFields.of(rows.get(row))) {
        fields.add(Models.fact(field.name(), Lengths.cut(field.text(), SHOWN)));
      }
      return fields;
    } catch (Adapt4jException e) {
      return List.of(Models.fact("!", String.valueOf(e.getMessage())));
    }
  }

  private static List<Object> charts(Look look, Examination found) {
    List<Object> charts = new ArrayList<>();
    List<String> classes = Lengths.classes(look, found.lengths().size());
    charts.add(Charts.columns(look.message("chart_lengths"), found.lengths(), classes));
    if (!found.labels().isEmpty()) {
      List<Map.Entry<String, Integer>> labels =
          found.labels().entrySet().stream().limit(12).toList();
      charts.add(
          Charts.columns(
              look.message("chart_labels"),
              labels.stream().map(Map.Entry::getValue).toList(),
              labels.stream()
                  .map(each -> Lengths.cut(each.getKey(), 90 / labels.size()))
                  .toList()));
    }
    return charts;
  }
}
