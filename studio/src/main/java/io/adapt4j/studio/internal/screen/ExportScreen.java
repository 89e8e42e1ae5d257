package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.run.RunQueue;
import io.adapt4j.studio.internal.ship.Artifacts;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A command of the queue, such as an export with its proof, as it goes and with its answer. */
public final class ExportScreen implements Screen {

  private static final int SHOWN = 5;

  private final Pages pages;
  private final Commands commands;
  private final Artifacts artifacts;
  private final RunQueue queue;

  public ExportScreen(Pages pages, Commands commands, Artifacts artifacts, RunQueue queue) {
    this.pages = pages;
    this.commands = commands;
    this.artifacts = artifacts;
    this.queue = queue;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    Runs runs = commands.runs();
    Run run = runs.get(request.segment(1));
    if (request.path().size() > 3) {
      throw Refusal.notFound();
    }
    if (request.isSafe()) {
      return switch (request.segment(2)) {
        case "" -> page(look, run);
        case "now" -> Response.html(pages.part(look, "export-now", part(look, run)));
        default -> throw Refusal.notFound();
      };
    }
    switch (request.segment(2)) {
      case "stop" -> queue.end(runs, run.id(), State.STOPPED);
      case "resume" -> {
        if (Commands.kind(run).equals(Commands.DELETION)) {
          Workspace.delete(runs.output(run.id()));
        }
        queue.resume(runs, run.id());
      }
      case "delete" -> {
        runs.delete(run);
        return Response.see(look.to(screen(run) + "?done=deleted"));
      }
      default -> throw Refusal.notFound();
    }
    return Response.see(look.to("exports/" + run.id()));
  }

  /** The screen that lists commands of this kind. */
  private static String screen(Run run) {
    return switch (Commands.kind(run)) {
      case Commands.INDEX -> "documents";
      case Commands.DRIFT -> "drift";
      case Commands.DELETION -> "registry";
      default -> "ship";
    };
  }

  private Response page(Look look, Run run) throws IOException {
    Map<String, Object> model = RunScreen.head(look, run);
    model.put("title", run.name());
    model.put("back", screen(run));
    model.put("back_name", look.message("crumb_" + screen(run)));
    model.put("now", new Markup(pages.part(look, "export-now", part(look, run))));
    String active =
        switch (screen(run)) {
          case "documents" -> "ask";
          case "drift", "registry" -> "registry";
          default -> "ship";
        };
    return Response.html(pages.page(look, "export", active, model));
  }

  private Map<String, Object> part(Look look, Run run) throws IOException {
    Map<String, Object> model = RunScreen.head(look, run);
    model.put("log", RunReport.tail(commands.runs().log(run.id()), 6_000));
    model.put("kind", Commands.kind(run));
    Optional<JsonNode> answer = commands.answer(run);
    List<String> problems = new ArrayList<>();
    List<Object> tiles = new ArrayList<>();
    List<Object> remarks = new ArrayList<>();
    if (answer.isPresent()) {
      answer.get().path("problems").forEach(each -> problems.add(each.asText()));
      switch (Commands.kind(run)) {
        case Commands.GGUF -> addExport(model, tiles, remarks, look, answer.get());
        case Commands.INDEX -> addIndex(tiles, remarks, look, answer.get());
        case Commands.DELETION -> addDeletion(model, tiles, look, answer.get());
        case Commands.DRIFT -> model.putAll(DriftScreen.report(look, answer.get()));
        default -> {
          // A merge answers with its folder only.
        }
      }
    }
    model.put("problems", problems);
    model.put("tiles", tiles);
    model.put("remarks", remarks);
    List<Path> outputs = run.state() == State.DONE ? artifacts.outputs(run) : List.of();
    model.put("outputs", outputs.stream().map(Path::toString).toList());
    return model;
  }

  private static void addIndex(
      List<Object> tiles, List<Object> remarks, Look look, JsonNode answer) {
    for (String name : List.of("documents", "chunks")) {
      tiles.add(
          Models.fact(
              look.message("index_" + name), look.formats().count(answer.path(name).asLong())));
    }
    answer.path("failed").forEach(each -> remarks.add(each.asText()));
    answer.path("skipped").forEach(each -> remarks.add(each.asText()));
  }

  private static void addDeletion(
      Map<String, Object> model, List<Object> tiles, Look look, JsonNode answer) {
    if (!answer.has("version")) {
      return;
    }
    Formats formats = look.formats();
    JsonNode steps = answer.path("steps");
    long all = steps.path("total").asLong();
    long again = all - steps.path("continuedFrom").asLong();
    tiles.add(
        Models.fact(look.message("deletion_rows"), formats.count(answer.path("rows").size())));
    tiles.add(
        Models.fact(
            look.message("deletion_steps"), formats.count(again) + " / " + formats.count(all)));
    Duration time = Duration.ofMillis((long) (1000 * answer.path("seconds").asDouble()));
    tiles.add(Models.fact(look.message("deletion_time"), formats.duration(time)));
    String version = answer.path("version").asText();
    model.put("deleted", version);
    model.put("deleted_from", version.replaceFirst("@.*", ""));
    for (String list : List.of("erased", "toErase", "remains")) {
      List<String> lines = new ArrayList<>();
      answer.path(list).forEach(each -> lines.add(each.asText()));
      model.put("deletion_" + list, lines);
    }
  }

  private static void addExport(
      Map<String, Object> model,
      List<Object> tiles,
      List<Object> remarks,
      Look look,
      JsonNode answer) {
    Formats formats = look.formats();
    long larger = 0;
    for (JsonNode each : answer.path("substitutes")) {
      larger += each.asLong();
    }
    if (larger > 0) {
      remarks.add(look.message("export_larger", formats.count(larger)));
    }
    if (!answer.has("bytes")) {
      return;
    }
    double bits = 8.0 * answer.path("bytes").asLong() / answer.path("parameters").asLong();
    tiles.add(Models.fact(look.message("export_type"), answer.path("type").asText()));
    tiles.add(Models.fact(look.message("size"), formats.bytes(answer.path("bytes").asLong())));
    tiles.add(Models.fact(look.message("export_bits"), formats.decimal(bits, 1)));
    tiles.add(
        Models.fact(look.message("parameters"), formats.count(answer.path("parameters").asLong())));
    JsonNode proof = answer.path("verification");
    if (!proof.isObject()) {
      return;
    }
    double agreement = proof.path("likeliestAgreement").asDouble();
    String share = formats.decimal(100 * agreement, 1) + "\u00a0%";
    double loss = proof.path("filePerplexity").asDouble() / proof.path("perplexity").asDouble() - 1;
    model.put("verified", true);
    long others = proof.path("textsInOtherTokens").asLong();
    model.put("proof_bad", others == 0 ? "" : look.message("proof_tokens", formats.count(others)));
    model.put(
        "proof_text",
        look.message(
            "proof_text",
            share,
            formats.count(proof.path("tokens").asLong()),
            formats.count(proof.path("texts").asLong())));
    List<Object> proofs = new ArrayList<>();
    proofs.add(Models.fact(look.message("proof_agreement"), share));
    proofs.add(
        Models.fact(
            look.message("proof_perplexity"),
            formats.figure(proof.path("perplexity").asDouble())
                + " → "
                + formats.figure(proof.path("filePerplexity").asDouble())
                + " ("
                + (loss < 0 ? "" : "+")
                + formats.decimal(100 * loss, 1)
                + "\u00a0%)"));
    proofs.add(
        Models.fact(
            look.message("proof_generated"),
            formats.count(proof.path("agreedTokens").asLong())
                + " / "
                + formats.count(proof.path("generatedTokens").asLong())));
    proofs.add(
        Models.fact(
            look.message("proof_logits"),
            formats.figure(proof.path("largestLogitDifference").asDouble())));
    model.put("proofs", proofs);
    List<Object> partings = new ArrayList<>();
    for (JsonNode each : proof.path("partings")) {
      if (partings.size() < SHOWN) {
        partings.add(
            Map.of(
                "row", formats.count(each.path("text").asLong() + 1),
                "at", formats.count(each.path("position").asLong() + 1),
                "expected", each.path("expected").asText(),
                "found", each.path("found").asText(),
                "margin", formats.figure(each.path("margin").asDouble())));
      }
    }
    model.put("partings", partings);
  }
}
