package io.adapt4j.rag.document;

import java.util.Iterator;

/** Documents that are in memory. */
final class ListReading implements DocumentReading {

  private final Iterator<Document> documents;
  private final ReportBuilder report = new ReportBuilder();

  ListReading(Iterator<Document> documents) {
    this.documents = documents;
  }

  @Override
  public boolean hasNext() {
    return documents.hasNext();
  }

  @Override
  public Document next() {
    Document document = documents.next();
    report.read();
    return document;
  }

  @Override
  public ReadingReport report() {
    return report.build();
  }

  @Override
  public void close() {}
}
