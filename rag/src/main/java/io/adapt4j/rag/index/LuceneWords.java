package io.adapt4j.rag.index;

import io.adapt4j.rag.internal.WellFormed;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.nl.DutchAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;

/** Text analysis: texts as words, and questions as bags of words. */
final class LuceneWords {

  private LuceneWords() {}

  static Analyzer analyzer(Language language) {
    return switch (language) {
      case ENGLISH -> new EnglishAnalyzer();
      case GERMAN -> new GermanAnalyzer();
      case FRENCH -> new FrenchAnalyzer();
      case SPANISH -> new SpanishAnalyzer();
      case ITALIAN -> new ItalianAnalyzer();
      case PORTUGUESE -> new PortugueseAnalyzer();
      case DUTCH -> new DutchAnalyzer();
      case ANY -> new StandardAnalyzer();
    };
  }

  /**
   * Returns the query for a text's words, each weighted by its count. Nothing in the text is an
   * operator. A long text is truncated to Lucene's limit of clauses.
   */
  static BooleanQuery bag(Analyzer analyzer, String text) throws IOException {
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    for (Map.Entry<String, Integer> word : counts(analyzer, text).entrySet()) {
      Query term = new TermQuery(new Term(LuceneFields.WORDS, word.getKey()));
      query.add(word.getValue() == 1 ? term : new BoostQuery(term, word.getValue()), Occur.SHOULD);
    }
    return query.build();
  }

  private static Map<String, Integer> counts(Analyzer analyzer, String text) throws IOException {
    int most = IndexSearcher.getMaxClauseCount() / 2 - 12;
    Map<String, Integer> counts = new LinkedHashMap<>();
    // Lucene's tokenizer drops a text that ends in an unpaired surrogate.
    try (TokenStream tokens = analyzer.tokenStream(LuceneFields.WORDS, WellFormed.of(text))) {
      CharTermAttribute word = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        if (counts.size() < most || counts.containsKey(word.toString())) {
          counts.merge(word.toString(), 1, Integer::sum);
        }
      }
      tokens.end();
    }
    return counts;
  }
}
