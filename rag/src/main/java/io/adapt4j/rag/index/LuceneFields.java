package io.adapt4j.rag.index;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.WellFormed;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.document.BinaryDocValuesField;
import org.apache.lucene.document.DoublePoint;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.IntPoint;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.SortedDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.util.BytesRef;

/**
 * Mapping of an entry to a block of Lucene documents: one per chunk, followed by one for the
 * document. Metadata fields are prefixed with a letter for their type, so that a field may hold any
 * type.
 */
final class LuceneFields {

  static final String ID = "id";
  static final String KIND = "kind";
  static final String NUMBER = "number";
  static final String WORDS = "words";
  static final String VECTOR = "vector";
  static final String HASH = "hash";
  static final String OF_CHUNK = "chunk";
  static final String OF_DOCUMENT = "document";

  private static final String TITLE = "title";
  private static final String TEXT = "text";
  private static final String METADATA = "metadata";
  private static final String HEADING = "heading";
  private static final String START = "start";
  private static final String END = "end";
  private static final String PARENT_START = "parentStart";
  private static final String PARENT_END = "parentEnd";

  private LuceneFields() {}

  static String word(String field) {
    return "s:" + field;
  }

  static String flag(String field) {
    return "b:" + field;
  }

  static String whole(String field) {
    return "l:" + field;
  }

  static String decimal(String field) {
    return "d:" + field;
  }

  /** Checks that Lucene accepts a document's id and metadata. */
  static void check(Document document) {
    requireShort(document.id(), "id of document '" + document.id() + "'");
    Entries.searchable(document)
        .forEach(
            (field, value) -> {
              if (value instanceof String text) {
                requireShort(text, "document '" + document.id() + "': metadata '" + field + "'");
              }
            });
  }

  static List<org.apache.lucene.document.Document> block(SearchIndex.Entry entry, int dimension) {
    Document document = entry.document();
    String metadata = MetadataJson.write(Entries.searchable(document));
    List<IndexableField> filters = filters(document);
    List<org.apache.lucene.document.Document> block = new ArrayList<>();
    for (int i = 0; i < entry.chunks().size(); i++) {
      Chunk chunk = entry.chunks().get(i);
      var fields = chunk(chunk, document.title(), metadata);
      filters.forEach(fields::add);
      if (dimension > 0) {
        float[] unit = Entries.unit(entry.vectors().get(i), dimension, chunk.id());
        fields.add(new KnnFloatVectorField(VECTOR, unit, VectorSimilarityFunction.DOT_PRODUCT));
      }
      block.add(fields);
    }
    String whole = MetadataJson.write(document.metadata());
    block.add(document(document, whole, entry.contentHash()));
    return block;
  }

  private static org.apache.lucene.document.Document named(String id, String kind) {
    var fields = new org.apache.lucene.document.Document();
    fields.add(new StringField(ID, id, Store.YES));
    fields.add(new SortedDocValuesField(ID, new BytesRef(id)));
    fields.add(new StringField(KIND, kind, Store.NO));
    return fields;
  }

  private static org.apache.lucene.document.Document document(
      Document document, String metadata, String hash) {
    var fields = named(document.id(), OF_DOCUMENT);
    fields.add(new StoredField(TITLE, document.title()));
    fields.add(new StoredField(TEXT, document.text()));
    fields.add(new StoredField(METADATA, metadata));
    fields.add(new BinaryDocValuesField(HASH, new BytesRef(hash)));
    return fields;
  }

  private static org.apache.lucene.document.Document chunk(
      Chunk chunk, String title, String metadata) {
    var fields = named(chunk.documentId(), OF_CHUNK);
    fields.add(new IntPoint(NUMBER, chunk.number()));
    fields.add(new NumericDocValuesField(NUMBER, chunk.number()));
    fields.add(new StoredField(NUMBER, chunk.number()));
    fields.add(new StoredField(START, chunk.span().start()));
    fields.add(new StoredField(END, chunk.span().end()));
    fields.add(new StoredField(PARENT_START, chunk.parent().start()));
    fields.add(new StoredField(PARENT_END, chunk.parent().end()));
    fields.add(new StoredField(HEADING, chunk.heading()));
    fields.add(new StoredField(TEXT, chunk.text()));
    fields.add(new StoredField(TITLE, title));
    fields.add(new StoredField(METADATA, metadata));
    fields.add(new TextField(WORDS, WellFormed.of(chunk.searchText()), Store.NO));
    return fields;
  }

  private static List<IndexableField> filters(Document document) {
    List<IndexableField> fields = new ArrayList<>();
    for (Map.Entry<String, Object> entry : Entries.searchable(document).entrySet()) {
      String field = entry.getKey();
      if (entry.getValue() instanceof Long number) {
        fields.add(new LongPoint(whole(field), number));
      } else if (entry.getValue() instanceof Double number) {
        fields.add(new DoublePoint(decimal(field), Numbers.positiveZero(number)));
      } else if (entry.getValue() instanceof Boolean flag) {
        fields.add(new StringField(flag(field), flag.toString(), Store.NO));
      } else {
        fields.add(new StringField(word(field), (String) entry.getValue(), Store.NO));
      }
    }
    return fields;
  }

  private static void requireShort(String text, String owner) {
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > IndexWriter.MAX_TERM_LENGTH) {
      throw new IllegalArgumentException(
          ("%s: expected at most %s bytes in UTF-8, found %s; long texts belong into the"
                  + " document's text")
              .formatted(owner, IndexWriter.MAX_TERM_LENGTH, length));
    }
  }

  static Hit hit(org.apache.lucene.document.Document fields, double score) {
    return new Hit(chunk(fields), score, fields.get(TITLE), metadata(fields));
  }

  static Chunk chunk(org.apache.lucene.document.Document fields) {
    return new Chunk(
        fields.get(ID),
        number(fields, NUMBER),
        new Span(number(fields, START), number(fields, END)),
        new Span(number(fields, PARENT_START), number(fields, PARENT_END)),
        fields.get(HEADING),
        fields.get(TEXT));
  }

  static Document document(org.apache.lucene.document.Document fields) {
    return new Document(fields.get(ID), fields.get(TITLE), fields.get(TEXT), metadata(fields));
  }

  private static Map<String, Object> metadata(org.apache.lucene.document.Document fields) {
    return MetadataJson.read(fields.get(METADATA));
  }

  private static int number(org.apache.lucene.document.Document fields, String name) {
    return fields.getField(name).numericValue().intValue();
  }
}
