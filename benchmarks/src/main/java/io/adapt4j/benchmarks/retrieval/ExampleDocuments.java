package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.rag.document.Document;
import java.util.ArrayList;
import java.util.List;

/** The example passages as documents of chapter length. */
final class ExampleDocuments {

  private static final int LENGTH = 12_000;

  private ExampleDocuments() {}

  static List<Document> read() {
    Dataset passages = Datasets.jsonl(ExampleFiles.passages());
    List<Document> documents = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < passages.size(); i++) {
      text.append(((Example.Text) passages.get(i)).text()).append("\n\n");
      if (text.length() >= LENGTH || i == passages.size() - 1) {
        documents.add(Document.of("passages-" + documents.size(), text.toString()));
        text.setLength(0);
      }
    }
    return documents;
  }
}
