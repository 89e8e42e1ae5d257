package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.MachineMemory;
import io.adapt4j.core.internal.provenance.MachineReport;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Screen of this machine and of the work in progress. */
public final class MachineScreen implements Screen {

  /** Facts of the report that are shown as tiles, or say nothing to a reader of the page. */
  private static final List<String> SHOWN_ELSEWHERE =
      List.of("memoryMiB", "freeMemoryMiB", "heapMiB", "cores", "features");

  private static final int SIZE = 25;

  private final Pages pages;
  private final Workspace workspace;
  private final LocalModels models;
  private final Jobs jobs;

  public MachineScreen(Pages pages, Workspace workspace, LocalModels models, Jobs jobs) {
    this.pages = pages;
    this.workspace = workspace;
    this.models = models;
    this.jobs = jobs;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (!request.isSafe()) {
      throw new Refusal(405, "refused_method");
    }
    if (request.segment(1).equals("now")) {
      return Response.html(pages.part(look, "machine-now", now(look)));
    }
    if (request.path().size() > 1) {
      throw Refusal.notFound();
    }
    MachineReport report = MachineReport.here();
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_machine"));
    model.put("problems", report.problems());
    model.put("facts", facts(look, report));
    model.put("now", new Markup(pages.part(look, "machine-now", now(look))));
    addModels(model, look, request.query().number("page", 0, 0, 1000));
    return Response.html(pages.page(look, "machine", "machine", model));
  }

  private static List<Object> facts(Look look, MachineReport report) {
    List<Object> facts = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : report.found().properties()) {
      if (!SHOWN_ELSEWHERE.contains(each.getKey())) {
        facts.add(
            Models.fact(look.message("machine_" + each.getKey()), text(look, each.getValue())));
      }
    }
    List<String> features = new ArrayList<>();
    report.found().path("features").forEach(each -> features.add(each.asText()));
    facts.add(Models.fact(look.message("machine_features"), String.join(" ", features)));
    facts.add(
        Models.fact(look.message("machine_methods"), String.join(" ", RunDescription.methods())));
    return facts;
  }

  private static String text(Look look, JsonNode value) {
    return value.isBoolean() ? look.message(value.asBoolean() ? "yes" : "no") : value.asText();
  }

  /** Returns the figures that change from moment to moment. */
  private Map<String, Object> now(Look look) throws IOException {
    Formats formats = look.formats();
    List<Object> tiles = new ArrayList<>();
    long available = MachineMemory.available();
    long free = free();
    tiles.add(
        tile(
            look.message("machine_memory"),
            formats.bytes(available),
            look.message("machine_free", formats.bytes(free)),
            1 - (double) free / available));
    FileStore disk = Files.getFileStore(workspace.root());
    tiles.add(
        tile(
            look.message("machine_disk"),
            formats.bytes(disk.getTotalSpace()),
            look.message("machine_free", formats.bytes(disk.getUsableSpace())),
            1 - (double) disk.getUsableSpace() / disk.getTotalSpace()));
    Runtime runtime = Runtime.getRuntime();
    long heap = runtime.totalMemory() - runtime.freeMemory();
    tiles.add(
        tile(
            look.message("machine_heap"),
            formats.bytes(runtime.maxMemory()),
            look.message("machine_used", formats.bytes(heap)),
            (double) heap / runtime.maxMemory()));
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    int cores = runtime.availableProcessors();
    tiles.add(
        tile(
            look.message("machine_cores"),
            formats.count(cores),
            load < 0 ? "" : look.message("machine_load", formats.decimal(load, 1)),
            Math.max(0, load / cores)));
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("tiles", tiles);
    model.put("jobs", jobs.running().stream().map(job -> row(look, job)).toList());
    return model;
  }

  private static Map<String, Object> tile(String name, String value, String more, double share) {
    double part = Double.isFinite(share) ? Math.max(0, Math.min(1, share)) : 0;
    return Map.of("name", name, "value", value, "more", more, "share", Math.round(100 * part));
  }

  private static Map<String, Object> row(Look look, Jobs.Job job) {
    return Map.of(
        "name",
        job.name(),
        "since",
        look.formats().duration(Duration.between(job.since(), Instant.now())));
  }

  private static long free() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getFreeMemorySize();
  }

  private void addModels(Map<String, Object> model, Look look, int page) {
    Formats formats = look.formats();
    List<LocalModels.LocalModel> all = models.all();
    List<Object> rows = new ArrayList<>();
    for (LocalModels.LocalModel each : Models.onPage(all, page, SIZE)) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", each.name());
      row.put("path", each.path().toString());
      row.put("size", formats.bytes(each.bytes()));
      row.put(
          "parameters",
          each.parameters().isPresent() ? formats.count(each.parameters().getAsLong()) : "");
      row.put("problem", each.problem());
      rows.add(row);
    }
    model.put("models", rows);
    model.put("pages", Models.pages(look, look.to("machine?page="), page, SIZE, all.size()));
    model.put("workspace", workspace.root().toString());
  }
}
