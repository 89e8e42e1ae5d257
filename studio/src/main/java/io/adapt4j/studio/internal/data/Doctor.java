package io.adapt4j.studio.internal.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.FileDataset;
import io.adapt4j.core.data.Split;
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
  private static final long SEED = 42;

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
      known = Fixes.apply(SourceRows.open(source), source.fixes(), test(source));
      opened.put(fingerprint, known);
    }
    return known;
  }

  /** Opens the rows that a model is tested on, if the source names any that are still there. */
  public Optional<Dataset> test(Source source) throws IOException {
    return sources.find(source.test()).map(SourceRows::open);
  }

  /**
   * Divides the rows after the fixes into two new sources, of which the first is tested on the
   * second.
   */
  public Source split(Source source, double share, String training, String test)
      throws IOException {
    Split split = rows(source).split(1 - share, 0, share, SEED);
    FileDataset all = SourceRows.open(source);
    Source tested = sources.write(test, file -> SourceRows.write(all, split.test(), file));
    Source trained =
        sources
            .write(training, file -> SourceRows.write(all, split.train(), file))
            .testedOn(tested.id());
    sources.save(trained);
    return trained;
  }

  private void examine(Source source, String fingerprint) throws IOException {
    FileDataset all = SourceRows.open(source);
    Optional<Dataset> test = test(source);
    Dataset rows = Fixes.apply(all, source.fixes(), test);
    DataChecker checker = DataChecker.of(rows).examples(KEPT);
    test.ifPresent(checker::testedOn);
    DataReport report = checker.check();
    Path cleaned = sources.folder(source.id()).resolve(CLEANED);
    if (!source.fixes().isEmpty() || Files.exists(cleaned)) {
      // A plan may name the file, also when the last fix is undone.
      SourceRows.write(all, rows, cleaned);
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
  String fingerprint(Source source) throws IOException {
    Optional<Source> test = sources.find(source.test());
    return String.join(
        "\n",
        source.id(),
        state(source.path()),
        source.delimiter(),
        source.shape(),
        source.map().toString(),
        source.fixes().toString(),
        test.isEmpty() ? "" : test.get().id() + " " + state(test.get().path()));
  }

  private static String state(Path path) throws IOException {
    return Files.exists(path) ? Files.getLastModifiedTime(path) + " " + Files.size(path) : "";
  }
}
