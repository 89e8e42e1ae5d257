package io.adapt4j.studio.internal.screen;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.data.MaskedTokens;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.machine.LocalModels.LocalModel;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.plan.FirstPlan;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Any row of a source as the tokens that a model sees, those it learns from in color. */
public final class MaskScreen implements Screen {

  private static final int LONGEST = 32_768;
  private static final int SHOWN = 4_000;

  private final Pages pages;
  private final Workspace workspace;
  private final Sources sources;
  private final Inspections inspections;
  private final Doctor doctor;
  private final LocalModels models;

  public MaskScreen(
      Pages pages,
      Workspace workspace,
      Sources sources,
      Inspections inspections,
      Doctor doctor,
      LocalModels models) {
    this.pages = pages;
    this.workspace = workspace;
    this.sources = sources;
    this.inspections = inspections;
    this.doctor = doctor;
    this.models = models;
  }

  /** Row, model and options that an address asks for. */
  private record Asked(int row, Optional<LocalModel> model, MaskedTokens.Options options) {}

  @Override
  public Response answer(Request request, Look look) throws IOException {
    Source source = sources.get(request.segment(1));
    if (!request.isSafe() || request.path().size() > 3) {
      throw Refusal.notFound();
    }
    Optional<Inspection> inspection = inspections.of(source);
    Map<String, Object> model = SourceHead.of(look, source, "mask", inspection);
    model.put("problem_text", "");
    model.put("parts", List.of());
    model.put("remarks", List.of());
    model.put("tiles", List.of());
    model.put("fields", List.of());
    List<LocalModel> usable =
        models.all().stream().filter(each -> each.problem().isEmpty()).toList();
    Asked asked = asked(request.query(), usable);
    addForm(model, look, usable, asked);
    if (!inspection.map(Inspection::isReadable).orElse(false)) {
      model.put(
          "problem_text", look.message(inspection.isEmpty() ? "looking" : "doctor_unreadable"));
    } else if (asked.model().isEmpty()) {
      model.put("problem_text", look.message("machine_no_models"));
    } else {
      addTokens(model, look, source, asked);
    }
    return Response.html(pages.page(look, "mask", "start", model));
  }

  private static Asked asked(Fields query, List<LocalModel> usable) {
    String path = query.text("model");
    Optional<LocalModel> model =
        usable.stream()
            .filter(each -> each.path().toString().equals(path))
            .findFirst()
            .or(() -> usable.stream().findFirst());
    LossOn lossOn = LossOn.COMPLETION;
    for (LossOn each : LossOn.values()) {
      lossOn = each.name().equals(query.text("lossOn")) ? each : lossOn;
    }
    return new Asked(
        query.number("row", 1, 1, Integer.MAX_VALUE / 2) - 1,
        model,
        new MaskedTokens.Options(
            lossOn,
            query.number("maxLength", 512, 1, LONGEST),
            query.values().isEmpty()
                ? model.map(each -> FirstPlan.chats(each.path())).orElse(false)
                : query.text("asChat").equals("1"),
            ChatTemplate.builtInNames().contains(query.text("template"))
                ? query.text("template")
                : ""));
  }

  private static void addForm(
      Map<String, Object> model, Look look, List<LocalModel> usable, Asked asked) {
    String chosen = asked.model().map(each -> each.path().toString()).orElse("");
    List<Object> choices = new ArrayList<>();
    for (LocalModel each : usable) {
      String path = each.path().toString();
      choices.add(Map.of("value", path, "name", each.name(), "chosen", path.equals(chosen)));
    }
    model.put("models", choices);
    List<Object> losses = new ArrayList<>();
    for (LossOn each : LossOn.values()) {
      losses.add(
          Map.of(
              "value", each.name(),
              "name", look.message("loss_" + each.name().toLowerCase(Locale.ROOT)),
              "chosen", each == asked.options().lossOn()));
    }
    model.put("losses", losses);
    model.put("templates", ChatTemplate.builtInNames());
    model.put("template", asked.options().template());
    model.put("max", asked.options().maxLength());
    model.put("chat", asked.options().asChat());
    model.put("row", asked.row() + 1);
  }

  private void addTokens(Map<String, Object> model, Look look, Source source, Asked asked)
      throws IOException {
    Formats formats = look.formats();
    try {
      Dataset rows = doctor.rows(source);
      int row = Math.min(asked.row(), rows.size() - 1);
      model.put("row", row + 1);
      model.put("place", Places.brief(rows.locate(row)));
      model.put("pages", Models.pages(look, address(look, source, asked), row, 1, rows.size(), 1));
      model.put("fields", DoctorScreen.fields(rows, row));
      MaskedTokens masked =
          MaskedTokens.of(
              rows,
              row,
              asked.model().orElseThrow().path(),
              asked.options(),
              workspace.root().resolve("unused"));
      model.put("parts", masked.parts().stream().map(part -> part(look, part)).toList());
      model.put("remarks", masked.remarks());
      long all = masked.parts().stream().mapToLong(List::size).sum();
      long learned =
          masked.parts().stream().flatMap(List::stream).filter(MaskedTokens.Token::learned).count();
      model.put(
          "tiles",
          List.of(
              Models.fact(look.message("tokens"), formats.count(all)),
              Models.fact(look.message("learned"), formats.count(learned)),
              Models.fact(
                  look.message("share"),
                  all == 0 ? "–" : formats.percent((double) learned / all))));
    } catch (SettingsException e) {
      model.put("problem_text", String.join("\n", e.problems()));
    } catch (Adapt4jException | IllegalArgumentException | IllegalStateException e) {
      model.put("problem_text", String.valueOf(e.getMessage()));
    }
  }

  /** The address of this view, ending in the number of the row. */
  private static String address(Look look, Source source, Asked asked) {
    return look.to("data/" + source.id() + "/mask")
        + "?model="
        + encoded(asked.model().map(each -> each.path().toString()).orElse(""))
        + "&lossOn="
        + asked.options().lossOn().name()
        + "&maxLength="
        + asked.options().maxLength()
        + "&template="
        + asked.options().template()
        + (asked.options().asChat() ? "&asChat=1" : "")
        + "&row=";
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static Map<String, Object> part(Look look, List<MaskedTokens.Token> part) {
    List<Object> tokens = new ArrayList<>();
    for (MaskedTokens.Token token : part.subList(0, Math.min(SHOWN, part.size()))) {
      Map<String, Object> shown = new LinkedHashMap<>();
      shown.put("text", visible(token));
      shown.put("title", token.id() + " " + token.spelling());
      shown.put("kind", (token.learned() ? "learned" : "") + (token.special() ? " sign" : ""));
      shown.put("breaks", token.text().endsWith("\n"));
      tokens.add(shown);
    }
    return Map.of(
        "tokens",
        tokens,
        "more",
        part.size() > SHOWN ? look.message("more_tokens", part.size() - SHOWN) : "");
  }

  private static String visible(MaskedTokens.Token token) {
    return token.text().isEmpty() ? "·" : token.text().replace("\n", "⏎").replace("\t", "⇥");
  }
}
