package io.adapt4j.studio.internal.upkeep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.upkeep.feedback.FeedbackCheck;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.FeedbackRows;
import io.adapt4j.upkeep.feedback.FeedbackRules;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** Feedback logs of services: the rows that they become, and customers who are forgotten. */
public final class Inbox {

  /** Share of the rows of one customer, above some rows, so that nobody steers a model alone. */
  private static final double CUSTOMER_SHARE = 0.1;

  private static final int CUSTOMER_ROWS = 10;

  private final Workspace workspace;
  private final Services services;
  private final Sources sources;
  private final Jobs jobs;

  public Inbox(Workspace workspace, Services services, Sources sources, Jobs jobs) {
    this.workspace = workspace;
    this.services = services;
    this.sources = sources;
    this.jobs = jobs;
  }

  /** Opens the log of a service; empty if it records none. */
  public Optional<FeedbackLog> log(Service service) {
    return service.one("--feedback").map(folder -> FeedbackLog.open(Path.of(folder)));
  }

  /** Begins to make rows of what was judged, each file of rows a new source. */
  public void makeRows(Service service, FeedbackLog log) {
    jobs.begin(
        key(service),
        service.name(),
        () -> {
          FeedbackRows rows =
              FeedbackCheck.of(FeedbackRules.all().rows(log.judged()))
                  .customerShare(CUSTOMER_SHARE, CUSTOMER_ROWS)
                  .run();
          String id = Workspace.newId("feedback " + service.name());
          Path folder = sources.folder(id).resolve("file");
          Disk.createFolders(folder);
          ObjectNode json = JsonNodeFactory.instance.objectNode();
          for (Path file : rows.write(folder)) {
            // Each file lies in the folder of its source, which is deleted with it.
            String own = Workspace.newId("feedback " + service.name());
            Path moved = sources.folder(own).resolve("file").resolve(file.getFileName());
            Disk.createFolders(moved.getParent());
            Files.move(file, moved);
            String name = service.name() + " " + file.getFileName();
            json.withArray("sources")
                .addObject()
                .put("id", sources.add(own, name, moved).id())
                .put("name", name)
                .put("path", moved.toString());
          }
          Workspace.delete(sources.folder(id));
          json.put("time", Instant.now().toString());
          json.put("answers", rows.answers().size());
          json.put("preferences", rows.preferences().size());
          rows.omitted().forEach(json.putObject("omitted")::put);
          AtomicFiles.writeJson(file(service, "rows"), json);
        });
  }

  /** The making of rows, if it runs or has failed. */
  public Optional<Jobs.Job> making(Service service) {
    return jobs.job(key(service));
  }

  private static String key(Service service) {
    return "feedback " + service.id();
  }

  private Path file(Service service, String name) {
    return services.folder(service.id()).resolve(name + ".json");
  }

  /** Returns what was made last; missing if nothing was. */
  public JsonNode made(Service service) throws IOException {
    return workspace.json(file(service, "rows"));
  }

  /** Removes the entries of a customer, and reports how many, and in which rows they are yet. */
  public void forget(Service service, FeedbackLog log, String customer) throws IOException {
    String hash = log.customer(customer);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("removed", log.forget(customer).size()).put("time", Instant.now().toString());
    for (JsonNode source : made(service).path("sources")) {
      long rows = rowsOf(Path.of(source.path("path").asText()), hash);
      if (rows > 0) {
        json.withArray("rows")
            .addObject()
            .put("id", source.path("id").asText())
            .put("name", source.path("name").asText())
            .put("count", rows)
            .put("customer", hash);
      }
    }
    AtomicFiles.writeJson(file(service, "forgotten"), json);
  }

  private static long rowsOf(Path file, String customer) throws IOException {
    if (!Files.exists(file)) {
      return 0;
    }
    long rows = 0;
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        rows += isOf(customer, line) ? 1 : 0;
      }
    } catch (CharacterCodingException e) {
      throw Workspace.damaged(file, "it is not UTF-8");
    }
    return rows;
  }

  private static boolean isOf(String customer, String row) {
    try {
      JsonNode customers = Json.parse(row).path("origin").path("customers");
      return StreamSupport.stream(customers.spliterator(), false)
          .anyMatch(each -> each.asText().equals(customer));
    } catch (JsonProcessingException e) {
      // Broken by hand: what names the customer counts.
      return row.contains(customer);
    }
  }

  /** Returns the report of the last customer who was forgotten; missing if there is none. */
  public JsonNode forgotten(Service service) throws IOException {
    return workspace.json(file(service, "forgotten"));
  }
}
