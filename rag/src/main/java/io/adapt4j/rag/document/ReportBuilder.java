package io.adapt4j.rag.document;

import java.util.ArrayList;
import java.util.List;

/** Builder of a reading report. */
final class ReportBuilder {

  private final List<FileProblem> failed = new ArrayList<>();
  private final List<FileProblem> skipped = new ArrayList<>();
  private long read;

  void read() {
    read++;
  }

  void add(String id, Unreadable why) {
    (why.isSkipped() ? skipped : failed).add(why.problem(id));
  }

  ReadingReport build() {
    return new ReadingReport(read, failed, skipped);
  }
}
