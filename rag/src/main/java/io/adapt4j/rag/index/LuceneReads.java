package io.adapt4j.rag.index;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.lucene.document.IntPoint;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.SortedDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.util.Bits;

/** Non-search reads of one snapshot of the index. */
final class LuceneReads {

  private static final Sort BY_NUMBER =
      new Sort(new SortField(LuceneFields.NUMBER, SortField.Type.INT));

  private LuceneReads() {}

  static Optional<Document> document(IndexSearcher searcher, String id) throws IOException {
    Query query = all(term(LuceneFields.ID, id), kind(LuceneFields.OF_DOCUMENT));
    ScoreDoc[] found = searcher.search(query, 1).scoreDocs;
    if (found.length == 0) {
      return Optional.empty();
    }
    return Optional.of(LuceneFields.document(searcher.storedFields().document(found[0].doc)));
  }

  static List<Chunk> chunks(IndexSearcher searcher, String id, int first, int last)
      throws IOException {
    if (first > last) {
      return List.of();
    }
    Query query =
        all(
            term(LuceneFields.ID, id),
            kind(LuceneFields.OF_CHUNK),
            IntPoint.newRangeQuery(LuceneFields.NUMBER, first, last));
    int most = Math.max(1, searcher.count(query));
    List<Chunk> chunks = new ArrayList<>();
    for (ScoreDoc doc : searcher.search(query, most, BY_NUMBER).scoreDocs) {
      chunks.add(LuceneFields.chunk(searcher.storedFields().document(doc.doc)));
    }
    return chunks;
  }

  /** Returns vectors by chunk id, reading them in the order of Lucene's documents. */
  static Map<String, float[]> vectors(IndexSearcher searcher, List<Chunk> chunks)
      throws IOException {
    Map<String, Map<Integer, String>> wanted = new TreeMap<>();
    for (Chunk chunk : chunks) {
      wanted
          .computeIfAbsent(chunk.documentId(), id -> new HashMap<>())
          .put(chunk.number(), chunk.id());
    }
    Map<String, float[]> vectors = new HashMap<>();
    for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
      addVectors(vectors, leaf.reader(), wanted);
    }
    return vectors;
  }

  private static void addVectors(
      Map<String, float[]> vectors, LeafReader reader, Map<String, Map<Integer, String>> wanted)
      throws IOException {
    SortedMap<Integer, Map<Integer, String>> places = new TreeMap<>();
    for (Map.Entry<String, Map<Integer, String>> entry : wanted.entrySet()) {
      PostingsEnum found =
          reader.postings(new Term(LuceneFields.ID, entry.getKey()), PostingsEnum.NONE);
      while (found != null && found.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
        places.put(found.docID(), entry.getValue());
      }
    }
    FloatVectorValues values = reader.getFloatVectorValues(LuceneFields.VECTOR);
    if (values == null || places.isEmpty()) {
      return;
    }
    Bits live = reader.getLiveDocs();
    NumericDocValues numbers = DocValues.getNumeric(reader, LuceneFields.NUMBER);
    for (Map.Entry<Integer, Map<Integer, String>> entry : places.entrySet()) {
      int place = entry.getKey();
      boolean isChunk = (live == null || live.get(place)) && numbers.advanceExact(place);
      String id = isChunk ? entry.getValue().get((int) numbers.longValue()) : null;
      if (id != null && values.advance(place) == place) {
        vectors.put(id, values.vectorValue().clone());
      }
    }
  }

  static long count(IndexSearcher searcher, String kind) throws IOException {
    return searcher.count(kind(kind));
  }

  static Map<String, String> contentHashes(IndexSearcher searcher) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
      Bits live = leaf.reader().getLiveDocs();
      BinaryDocValues values = DocValues.getBinary(leaf.reader(), LuceneFields.HASH);
      SortedDocValues ids = DocValues.getSorted(leaf.reader(), LuceneFields.ID);
      for (int place = values.nextDoc();
          place != DocIdSetIterator.NO_MORE_DOCS;
          place = values.nextDoc()) {
        if (live == null || live.get(place)) {
          ids.advanceExact(place);
          hashes.put(
              ids.lookupOrd(ids.ordValue()).utf8ToString(), values.binaryValue().utf8ToString());
        }
      }
    }
    return hashes;
  }

  private static Query kind(String kind) {
    return term(LuceneFields.KIND, kind);
  }

  private static Query term(String field, String value) {
    return new TermQuery(new Term(field, value));
  }

  private static Query all(Query... queries) {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    for (Query query : queries) {
      all.add(query, Occur.FILTER);
    }
    return all.build();
  }
}
