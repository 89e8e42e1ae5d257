package io.adapt4j.upkeep.deletion;

import static io.adapt4j.upkeep.deletion.AnsweredDocuments.DOCUMENTS;
import static io.adapt4j.upkeep.deletion.AnsweredDocuments.id;
import static io.adapt4j.upkeep.deletion.AnsweredDocuments.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Child;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.embed.CachedEmbeddings;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.BytesRef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Documents leave the index with their passages, cached vectors, kept replies and answers. */
class DocumentDeletionTest {

  private static final int LATEST_MICROS = 400_000;
  private static final int[] DELETED = {3, 10};

  @TempDir Path folder;

  /** Returns the content of all files but the index's, by path. */
  private static Map<String, String> files(Path folder) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(
            folder.relativize(file).toString(),
            Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  /** Returns all that is stored in an index, also of deleted documents, decompressed. */
  private static String stored(Path index) throws IOException {
    StringBuilder stored = new StringBuilder();
    try (FSDirectory directory = FSDirectory.open(index);
        DirectoryReader reader = DirectoryReader.open(directory)) {
      assertThat(reader.numDeletedDocs()).isZero();
      for (LeafReaderContext leaf : reader.leaves()) {
        for (int i = 0; i < leaf.reader().maxDoc(); i++) {
          for (IndexableField field : leaf.reader().storedFields().document(i)) {
            stored.append(text((StoredField) field)).append('\n');
          }
        }
        leaf.reader()
            .getFieldInfos()
            .forEach(field -> stored.append(terms(leaf, field.getName())).append('\n'));
      }
    }
    return stored.toString();
  }

  private static String text(StoredField field) {
    BytesRef bytes = field.binaryValue();
    return bytes == null ? String.valueOf(field.stringValue()) : latin(bytes);
  }

  private static String latin(BytesRef bytes) {
    return new String(bytes.bytes, bytes.offset, bytes.length, StandardCharsets.ISO_8859_1);
  }

  private static String terms(LeafReaderContext leaf, String field) {
    StringBuilder all = new StringBuilder();
    try {
      Terms terms = leaf.reader().terms(field);
      if (terms != null) {
        TermsEnum each = terms.iterator();
        for (BytesRef term = each.next(); term != null; term = each.next()) {
          all.append(latin(term)).append(' ');
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return all.toString();
  }

  private static void requireDeleted(AnsweredDocuments places) throws IOException {
    String stored = stored(places.folder().resolve("index"));
    Map<String, String> files = files(places.folder());
    for (int number : DELETED) {
      assertThat(stored).doesNotContain(secret(number), "place" + number, id(number));
      assertThat(files.values()).noneMatch(content -> content.contains(secret(number)));
    }
  }

  private static void requireOthersKept(AnsweredDocuments places, AnsweredDocuments before)
      throws IOException {
    String stored = stored(places.folder().resolve("index"));
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      if (i != DELETED[0] && i != DELETED[1]) {
        assertThat(stored).contains(secret(i), id(i));
        ids.add("a" + i);
      }
    }
    assertThat(places.log().read().answers()).extracting(RecordedAnswer::id).isEqualTo(ids);
    assertThat(places.log().read().feedback()).hasSize(DOCUMENTS - 2);
    Map<String, String> old = files(before.folder());
    Map<String, String> now = files(places.folder());
    assertThat(now.keySet().stream().filter(name -> name.startsWith("answers")))
        .hasSize(DOCUMENTS - 2)
        .allMatch(name -> now.get(name).equals(old.get(name)));
    List<String> replies = lines(now, "replies");
    // Two candidates; one was given the passages.
    assertThat(replies).hasSize(2 * DOCUMENTS - 2);
    assertThat(lines(old, "replies")).containsAll(replies);
    String vectors = now.keySet().stream().filter(name -> name.endsWith("young")).findAny().get();
    int record = 32 + 36 * 4 + 4;
    // Passages and questions.
    assertThat(now.get(vectors).length()).isEqualTo((2 * DOCUMENTS - 2) * record);
  }

  private static List<String> lines(Map<String, String> files, String folder) {
    return files.entrySet().stream()
        .filter(file -> file.getKey().startsWith(folder))
        .flatMap(file -> file.getValue().lines())
        .toList();
  }

  private AnsweredDocuments written(String name) throws IOException {
    return new AnsweredDocuments(folder.resolve(name)).write();
  }

  private static DocumentDeletionReport delete(AnsweredDocuments places) {
    try (LuceneIndex index = places.open()) {
      return places.deletion(index, DELETED).run();
    }
  }

  @Test
  void nothingOfTheDocumentsIsLeftAndAllOthersAreAsBefore() throws IOException {
    AnsweredDocuments before = written("before");
    AnsweredDocuments places = new AnsweredDocuments(copy(before.folder(), "places"));
    assertThat(stored(places.folder().resolve("index"))).contains(secret(3));

    DocumentDeletionReport report = delete(places);

    requireDeleted(places);
    requireOthersKept(places, before);
    assertThat(report.documents())
        .extracting(DocumentDeletionReport.Document::passages)
        .containsExactly(1, 1);
    assertThat(report.removed())
        .extracting(entries -> entries.kind() + " " + entries.ids().size())
        .containsExactly("vectors 2", "replies 2", "answers 2", "feedback 4");
    Path file = folder.resolve(DeletionReport.FILE);
    report.write(file);
    assertThat(Files.readString(file))
        .contains(
            report.documents().get(0).sha256().orElseThrow(),
            "\"count\": 2",
            "Backups of any of these.")
        .contains(report.removed().get(1).ids())
        .doesNotContain("zebra", "moon");
    assertThat(report.text()).contains("place-3.md: 1 passages deleted", "4 feedback removed");
  }

  private Path copy(Path from, String name) throws IOException {
    Path to = folder.resolve(name);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    return to;
  }

  /** Deletes the documents, and is ended after some microseconds. */
  static final class Deleting {

    private Deleting() {}

    public static void main(String[] arguments) {
      AnsweredDocuments places = new AnsweredDocuments(Path.of(arguments[0]));
      long micros = Long.parseLong(arguments[1]);
      try (LuceneIndex index = places.open()) {
        DocumentDeletion deletion = places.deletion(index, DELETED);
        Thread end =
            new Thread(
                () -> {
                  LockSupport.parkNanos(1000 * micros);
                  Runtime.getRuntime().halt(9);
                });
        end.setDaemon(true);
        end.start();
        deletion.run();
      }
      System.out.println("done");
    }
  }

  @Test
  void aDeletionThatWasKilledIsFinishedByTheNext() throws Exception {
    AnsweredDocuments before = written("before");
    int killed = 0;
    int kills = Integer.getInteger("adapt4j.kills", 6);
    for (int i = 0; i < kills; i++) {
      AnsweredDocuments places = new AnsweredDocuments(copy(before.folder(), "places" + i));
      try (Child child =
          new Child(Deleting.class, places.folder(), LATEST_MICROS * (i + 1) / kills)) {
        killed += child.line() == null ? 1 : 0;
        child.end();
      }
      delete(places);
      requireDeleted(places);
      requireOthersKept(places, before);
    }
    assertThat(killed).isPositive();
    System.out.println(killed + " of " + kills + " were killed");
  }

  @Test
  void whatIsInTheIndexNoMoreIsSaid() throws IOException {
    AnsweredDocuments places = written("places");
    delete(places);

    DocumentDeletionReport again = delete(places);

    assertThat(again.removed()).isEmpty();
    assertThat(again.text()).contains("place-3.md: not in the index (any more)");
  }

  @Test
  void answersOfGeneratorsThatRetrieveAllGo() throws IOException {
    AnsweredDocuments places = written("places");
    TextGenerator retrieving =
        new TextGenerator() {
          @Override
          public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
            return GeneratedText.of(secret(3));
          }

          @Override
          public boolean retrieves() {
            return true;
          }
        };
    AnswerCache cache = AnswerCache.at(places.answers());
    TextGenerator.cached(TextGenerator.named("retrieving", retrieving), cache)
        .generate("What is the word?", GenerationOptions.defaults());
    assertThat(cache.size()).isEqualTo(DOCUMENTS + 1);

    delete(places);

    assertThat(cache.size()).isEqualTo(DOCUMENTS - 2);
    requireDeleted(places);
  }

  @Test
  void placesInUseAreNamed() throws IOException {
    AnsweredDocuments places = written("places");
    try (CachedEmbeddings used =
            CachedEmbeddings.in(new AnsweredDocuments.Letters(), places.vectors());
        LuceneIndex index = places.open()) {
      assertThatThrownBy(() -> places.deletion(index, DELETED).run())
          .hasMessageContaining("these vectors are in use already");
      assertThat(DocumentDeletion.of(index, id(3)).vectors(used).run().removed().get(0).ids())
          .hasSize(1);
    }
    assertThatThrownBy(() -> DocumentDeletion.of(null)).hasMessageContaining("at least one");
  }
}
