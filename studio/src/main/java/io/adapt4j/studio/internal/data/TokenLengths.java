package io.adapt4j.studio.internal.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.quality.DataCleaner;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Tokens of the rows of sources by the tokenizer of a chosen model, kept beside the rows. */
public final class TokenLengths {

  private static final int KEPT = 1000;
  private static final int SLACK = 8;

  private final Workspace workspace;
  private final Sources sources;
  private final Doctor doctor;
  private final Jobs jobs;

  public TokenLengths(Workspace workspace, Sources sources, Doctor doctor, Jobs jobs) {
    this.workspace = workspace;
    this.sources = sources;
    this.doctor = doctor;
    this.jobs = jobs;
  }

  /** Chooses the model and the most tokens of a row. */
  public void choose(Source source, Path model, int limit) throws IOException {
    again(source);
    AtomicFiles.writeJson(file(source), chosen(model.toString(), limit));
  }

  private static ObjectNode chosen(String model, int limit) {
    return JsonNodeFactory.instance.objectNode().put("model", model).put("limit", limit);
  }

  /**
   * Returns the chosen {@code model} and {@code limit}, and, once counted, {@code classes} of
   * lengths, {@code rows} over the limit, the longest first, and their number {@code over}, and
   * {@code room} for text, 0 if rows cannot be truncated. Counts again if the rows have changed.
   */
  public JsonNode of(Source source) throws IOException {
    JsonNode known = workspace.json(file(source));
    String fingerprint = doctor.fingerprint(source);
    if (known.isMissingNode() || known.path("of").asText().equals(fingerprint)) {
      return known;
    }
    ObjectNode chosen = chosen(known.path("model").asText(), known.path("limit").asInt());
    if (job(source).isEmpty()) {
      jobs.begin(key(source), source.name(), () -> count(source, chosen, fingerprint));
    }
    return chosen;
  }

  public Optional<Jobs.Job> job(Source source) {
    return jobs.job(key(source));
  }

  /** Forgets a failure, since the rows have changed. */
  public void again(Source source) {
    jobs.reset(key(source));
  }

  private static String key(Source source) {
    return "tokens " + source.id();
  }

  private Path file(Source source) {
    return sources.folder(source.id()).resolve("tokens.json");
  }

  private void count(Source source, ObjectNode chosen, String fingerprint) throws IOException {
    TokenCounter counter = TokenCounter.of(Path.of(chosen.path("model").asText()));
    int limit = chosen.path("limit").asInt();
    Dataset rows = doctor.rows(source);
    int[] lengths =
        IntStream.range(0, rows.size()).map(at -> counter.count(rows.get(at))).toArray();
    List<Integer> over =
        IntStream.range(0, lengths.length)
            .filter(at -> lengths[at] > limit)
            .boxed()
            .sorted(Comparator.comparing(at -> -lengths[at]))
            .toList();
    ObjectNode counted = chosen.deepCopy().put("of", fingerprint).put("over", over.size());
    Examination.classes(IntStream.of(lengths)).forEach(counted.putArray("classes")::add);
    counted.put("longest", IntStream.of(lengths).max().orElse(0));
    ArrayNode kept = counted.putArray("rows");
    over.stream()
        .limit(KEPT)
        .forEach(
            at ->
                kept.addObject()
                    .put("row", at)
                    .put("place", rows.locate(at))
                    .put("tokens", lengths[at]));
    counted.put(
        "room", room(counter, rows.subset(over.stream().mapToInt(at -> at).toArray()), limit));
    JsonNode now = workspace.json(file(source));
    if (chosen(now.path("model").asText(), now.path("limit").asInt()).equals(chosen)) {
      AtomicFiles.writeJson(file(source), counted);
    }
  }

  /** Returns the most tokens of text with which rows fit that can be truncated; 0 if none can. */
  private static int room(TokenCounter counter, Dataset over, int limit) {
    int around = 0;
    for (int at = 0; at < over.size(); at++) {
      around = Math.max(around, counter.around(over.get(at)));
      if (!TokenCounter.canTruncate(over.get(at))) {
        return 0;
      }
    }
    // At its new end, a text may have some more tokens than it had there.
    int room = limit - around;
    for (int more = 1; more > 0 && room > 0 && over.size() > 0; room -= more) {
      Dataset cut = DataCleaner.of(over).truncate(counter.tokenizer(), room).clean().dataset();
      more =
          IntStream.range(0, cut.size())
              .map(at -> counter.count(cut.get(at)) - limit)
              .filter(each -> each <= SLACK)
              .max()
              .orElse(0);
      more = Math.max(0, more);
    }
    return Math.max(0, room);
  }
}
