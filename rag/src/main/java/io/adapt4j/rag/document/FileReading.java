package io.adapt4j.rag.document;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Files as documents, one at a time. */
final class FileReading implements DocumentReading {

  private final Iterator<RawFile> files;
  private final ReportBuilder report;
  private final FileConverter converter;
  private final ReadingLimits limits;
  private final UnaryOperator<Document> extras;
  private final Optional<ScanReading.Scans> scans;
  private final TimedCalls calls = new TimedCalls();
  private @Nullable Document next;

  FileReading(
      Iterator<RawFile> files,
      ReportBuilder report,
      FileConverter converter,
      ReadingLimits limits,
      Optional<ScanReading.Scans> scans,
      UnaryOperator<Document> extras) {
    this.files = files;
    this.report = report;
    this.converter = converter;
    this.limits = limits;
    this.scans = scans;
    this.extras = extras;
  }

  @Override
  public boolean hasNext() {
    while (next == null && files.hasNext()) {
      next = read(files.next());
    }
    return next != null;
  }

  @Override
  public Document next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Document document = extras.apply(Objects.requireNonNull(next));
    next = null;
    report.read();
    return document;
  }

  @Override
  public ReadingReport report() {
    return report.build();
  }

  @Override
  public void close() {
    calls.close();
  }

  /** Returns the file's document; null if it gives none. */
  private @Nullable Document read(RawFile file) {
    try {
      FileConverter.Content content = calls.call(() -> converter.read(file), limits.time());
      if (scans.isPresent()) {
        ScanReading scan =
            new ScanReading(scans.get(), limits, calls, problem -> report.add(file.id(), problem));
        content = scan.read(content);
        if (scan.hasFailed() && content.converted().text().isBlank()) {
          return null;
        }
      }
      return FileConverter.document(content);
    } catch (Unreadable e) {
      report.add(file.id(), e);
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while " + file.id() + " was read", e);
    }
  }
}
