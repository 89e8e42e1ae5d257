package io.adapt4j.studio.internal.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.quality.Check;
import io.adapt4j.core.data.quality.DataChecker;
import io.adapt4j.core.data.quality.DataReport;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Examines the rows of sources; keeps what was found, and the rows after fixes, in files. */
public final class Doctor {

  private static final String FILE = "examination.json";
  private static final String CLEANED = "cleaned.jsonl";

  /** Findings of each check that are kept; all are counted. */
  private static final int KEPT = 1000;

  private static final int LABELS = 40;

  private static final int OPEN = 4;

  private final Workspace workspace;
  private final Sources sources;
  private final Jobs jobs;

  /** Rows that were opened last, by fingerprint: opening reads the whole file. */
  private final Map<String, Dataset> opened =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Dataset> eldest) {
          return size() > OPEN;
        }
      };

  public Doctor(Workspace workspace, Sources sources, Jobs jobs) {
    this.workspace = workspace;
    this.sources = sources;
    this.jobs = jobs;
  }

  /** Returns what was found; if nothing is known, the examination begins. */
  public Optional<Examination> of(Source source) throws IOException {
    JsonNode known = workspace.json(sources.folder(source.id()).resolve(FILE));
    String fingerprint = fingerprint(source);
    if (known.path("of").asText().equals(fingerprint)) {
      return Optional.of(Examination.of(known));
    }
    String key = key(source);
    if (jobs.job(key).isEmpty()) {
      jobs.begin(key, source.name(), () -> examine(source, fingerprint));
    }
    return Optional.empty();
  }

  /** The examination, if it runs or has failed. */
  public Optional<Jobs.Job> job(Source source) {
    return jobs.job(key(source));
  }

  /** Forgets a failure, since the source has changed. */
  public void again(Source source) {
    jobs.reset(key(source));
  }

  private static String key(Source source) {
    return "examine " + source.id();
  }

  /** Returns the file of the rows after fixes; the source's own path without fixes. */
  public Path file(Source source) {
    return source.fixes().isEmpty() ? source.path() : sources.folder(source.id()).resolve(CLEANED);
  }

  /** Opens the rows after the fixes. */
  public synchronized Dataset rows(Source source) throws IOException {
    String fingerprint = fingerprint(source);
    Dataset known = opened.get(fingerprint);
    if (known == null) {
      known = Fixes.apply(SourceRows.open(source), source.fixes());
      opened.put(fingerprint, known);
    }
    return known;
  }

  private void examine(Source source, String fingerprint) throws IOException {
    FileDataset all = SourceRows.open(source);
    Dataset rows = Fixes.apply(all, source.fixes());
    DataReport report = DataChecker.of(rows).examples(KEPT).check();
    Path cleaned = sources.folder(source.id()).resolve(CLEANED);
    if (!source.fixes().isEmpty() || Files.exists(cleaned)) {
      // A plan may name the file, also when the last fix is undone.
      Datasets.write(rows, cleaned);
    }
    Map<Check, Long> counts = new EnumMap<>(Check.class);
    for (Check check : Check.values()) {
      if (report.count(check) > 0) {
        counts.put(check, report.count(check));
      }
    }
    Map<String, Integer> labels = new LinkedHashMap<>();
    report.labels().entrySet().stream()
        .limit(LABELS)
        .forEach(each -> labels.put(each.getKey(), each.getValue()));
    List<Integer> lengths =
        Examination.classes(
            IntStream.range(0, rows.size()).map(row -> ExampleFields.letters(rows.get(row))));
    Examination examination =
        new Examination(
            fingerprint,
            all.size(),
            rows.size(),
            counts,
            report.findings(),
            report.checks().stream().filter(check -> report.count(check) == 0).sorted().toList(),
            labels,
            lengths);
    AtomicFiles.writeJson(sources.folder(source.id()).resolve(FILE), examination.json());
  }

  /** Tells when the rows are others: the file, the way it is read, or the fixes have changed. */
  private static String fingerprint(Source source) throws IOException {
    Path path = source.path();
    String file =
        Files.exists(path) ? Files.getLastModifiedTime(path) + " " + Files.size(path) : "";
    return String.join(
        "\n",
        source.id(),
        file,
        source.delimiter(),
        source.shape(),
        source.map().toString(),
        source.fixes().toString());
  }
}
