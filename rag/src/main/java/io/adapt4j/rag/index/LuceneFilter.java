package io.adapt4j.rag.index;

import io.adapt4j.rag.spi.Filter;
import java.util.List;
import org.apache.lucene.document.DoublePoint;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermRangeQuery;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/** Conversion of filters to Lucene queries. */
final class LuceneFilter {

  private LuceneFilter() {}

  static Query query(Filter filter) {
    if (filter instanceof Filter.Equal equal) {
      return equal(equal.field(), FilterCheck.value(equal.field(), equal.value()));
    }
    if (filter instanceof Filter.In in) {
      return in(in.field(), in.values());
    }
    if (filter instanceof Filter.Between between) {
      return between(between);
    }
    if (filter instanceof Filter.And and) {
      return all(and.filters());
    }
    if (filter instanceof Filter.Or or) {
      return any(or.filters().stream().map(LuceneFilter::query).toList());
    }
    return not(query(((Filter.Not) filter).filter()));
  }

  private static Query equal(String field, Object value) {
    if (value instanceof Number number) {
      return numbers(field, number, number);
    }
    return new TermQuery(
        new Term(
            value instanceof Boolean ? LuceneFields.flag(field) : LuceneFields.word(field),
            value.toString()));
  }

  private static Query in(String field, List<?> values) {
    List<Object> plain =
        values.stream().map(value -> FilterCheck.value(field, value)).distinct().toList();
    if (plain.isEmpty()) {
      return new MatchNoDocsQuery();
    }
    if (plain.get(0) instanceof Number) {
      return numbers(field, plain.stream().map(Number.class::cast).toList());
    }
    if (plain.get(0) instanceof String) {
      List<BytesRef> terms = plain.stream().map(value -> new BytesRef((String) value)).toList();
      return new TermInSetQuery(LuceneFields.word(field), terms);
    }
    return any(plain.stream().map(value -> equal(field, value)).toList());
  }

  private static Query numbers(String field, List<Number> values) {
    long[] wholes =
        values.stream()
            .map(value -> Numbers.longs(value, value))
            .filter(range -> !range.isEmpty())
            .mapToLong(Numbers.Longs::least)
            .toArray();
    double[] decimals =
        values.stream()
            .filter(value -> Numbers.notBelow(value) == Numbers.notAbove(value))
            .mapToDouble(Numbers::notBelow)
            .toArray();
    return any(
        List.of(
            LongPoint.newSetQuery(LuceneFields.whole(field), wholes),
            DoublePoint.newSetQuery(LuceneFields.decimal(field), decimals)));
  }

  private static Query between(Filter.Between between) {
    Object some = between.least() == null ? between.most() : between.least();
    if (some instanceof String) {
      return TermRangeQuery.newStringRange(
          LuceneFields.word(between.field()),
          (String) between.least(),
          (String) between.most(),
          true,
          true);
    }
    return numbers(
        between.field(),
        number(between.field(), between.least()),
        number(between.field(), between.most()));
  }

  private static @Nullable Number number(String field, @Nullable Object limit) {
    return limit == null ? null : (Number) FilterCheck.value(field, limit);
  }

  private static Query numbers(String field, @Nullable Number least, @Nullable Number most) {
    Numbers.Longs longs = Numbers.longs(least, most);
    Query whole =
        longs.isEmpty()
            ? new MatchNoDocsQuery()
            : LongPoint.newRangeQuery(LuceneFields.whole(field), longs.least(), longs.most());
    double from = least == null ? Double.NEGATIVE_INFINITY : Numbers.notBelow(least);
    double to = most == null ? Double.POSITIVE_INFINITY : Numbers.notAbove(most);
    Query decimal =
        from > to
            ? new MatchNoDocsQuery()
            : DoublePoint.newRangeQuery(LuceneFields.decimal(field), from, to);
    return any(List.of(whole, decimal));
  }

  private static Query all(List<Filter> filters) {
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    filters.forEach(filter -> query.add(query(filter), Occur.FILTER));
    return query.build();
  }

  private static Query any(List<Query> queries) {
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    queries.forEach(clause -> query.add(clause, Occur.SHOULD));
    return query.build();
  }

  private static Query not(Query query) {
    return new BooleanQuery.Builder()
        .add(new MatchAllDocsQuery(), Occur.FILTER)
        .add(query, Occur.MUST_NOT)
        .build();
  }
}
