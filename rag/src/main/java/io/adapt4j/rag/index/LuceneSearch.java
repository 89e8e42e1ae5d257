package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchQuery;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.SortedDocValues;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TopFieldCollectorManager;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.VectorUtil;
import org.jspecify.annotations.Nullable;

/** A search in one snapshot of the index. */
final class LuceneSearch {

  private static final Sort BY_SCORE =
      new Sort(
          SortField.FIELD_SCORE,
          new SortField(LuceneFields.ID, SortField.Type.STRING),
          new SortField(LuceneFields.NUMBER, SortField.Type.INT));

  private final LuceneOptions options;
  private final IndexSearcher searcher;
  private final SearchQuery query;
  private final int candidates;
  private final Map<ChunkKey, Integer> places = new HashMap<>();

  LuceneSearch(LuceneOptions options, IndexSearcher searcher, SearchQuery query) {
    this.options = options;
    this.searcher = searcher;
    this.query = query;
    int wanted = Overfetch.candidates(query.limit(), options.searchBeam());
    this.candidates = Math.max(1, Math.min(wanted, searcher.getIndexReader().maxDoc()));
  }

  List<Hit> hits() throws IOException {
    Optional<Query> filter = query.filter().map(LuceneFilter::query);
    BooleanQuery bag = LuceneWords.bag(options.analyzer(), query.text());
    List<Scored> words = bag.clauses().isEmpty() ? List.of() : words(bag, filter);
    if (query.vector().isEmpty()) {
      return stored(words);
    }
    float[] unit = Entries.unit(query.vector().get(), options.dimension(), "query");
    List<Scored> vectors = vectors(unit, filter.orElse(null));
    return stored(words.isEmpty() ? vectors : RankFusion.fuse(words, vectors, query.fusion()));
  }

  private List<Scored> words(BooleanQuery bag, Optional<Query> filter) throws IOException {
    BooleanQuery.Builder all = new BooleanQuery.Builder().add(bag, Occur.MUST);
    filter.ifPresent(query -> all.add(query, Occur.FILTER));
    ScoreDoc[] found =
        searcher.search(
                all.build(), new TopFieldCollectorManager(BY_SCORE, candidates, null, candidates))
            .scoreDocs;
    List<Scored> list = new ArrayList<>();
    for (ScoreDoc scoreDoc : found) {
      Object[] values = ((FieldDoc) scoreDoc).fields;
      ChunkKey key = new ChunkKey(((BytesRef) values[1]).utf8ToString(), (Integer) values[2]);
      places.put(key, scoreDoc.doc);
      list.add(new Scored(key, (Float) values[0]));
    }
    return list;
  }

  private List<Scored> vectors(float[] unit, @Nullable Query filter) throws IOException {
    Query nearest = new KnnFloatVectorQuery(LuceneFields.VECTOR, unit, candidates, filter);
    ScoreDoc[] found = searcher.search(nearest, candidates).scoreDocs;
    Arrays.sort(found, Comparator.comparingInt(scoreDoc -> scoreDoc.doc));
    List<Scored> list = new ArrayList<>();
    List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
    for (int next = 0; next < found.length; ) {
      LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(found[next].doc, leaves));
      int end = leaf.docBase + leaf.reader().maxDoc();
      int last = next;
      while (last < found.length && found[last].doc < end) {
        last++;
      }
      addExact(list, leaf, Arrays.asList(found).subList(next, last), unit);
      next = last;
    }
    list.sort(Scored.ORDER);
    return list;
  }

  /** Rescores with full-precision vectors, since the search may have used quantized ones. */
  private void addExact(
      List<Scored> list, LeafReaderContext leaf, List<ScoreDoc> found, float[] unit)
      throws IOException {
    FloatVectorValues vectors = leaf.reader().getFloatVectorValues(LuceneFields.VECTOR);
    SortedDocValues ids = DocValues.getSorted(leaf.reader(), LuceneFields.ID);
    NumericDocValues numbers = DocValues.getNumeric(leaf.reader(), LuceneFields.NUMBER);
    for (ScoreDoc scoreDoc : found) {
      int place = scoreDoc.doc - leaf.docBase;
      vectors.advance(place);
      ids.advanceExact(place);
      numbers.advanceExact(place);
      String id = ids.lookupOrd(ids.ordValue()).utf8ToString();
      ChunkKey key = new ChunkKey(id, (int) numbers.longValue());
      places.put(key, scoreDoc.doc);
      list.add(new Scored(key, VectorUtil.dotProduct(vectors.vectorValue(), unit)));
    }
  }

  private List<Hit> stored(List<Scored> ranked) throws IOException {
    StoredFields stored = searcher.storedFields();
    List<Hit> hits = new ArrayList<>();
    for (Scored scored : ranked.subList(0, Math.min(query.limit(), ranked.size()))) {
      int place = Objects.requireNonNull(places.get(scored.key()));
      hits.add(LuceneFields.hit(stored.document(place), scored.score()));
    }
    return hits;
  }
}
