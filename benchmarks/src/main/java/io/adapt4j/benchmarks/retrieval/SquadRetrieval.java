package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.Citation;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.SearchBy;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.rag.split.TokenCounter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Retrieval of SQuAD's questions over all its passages: whether the passage with the answer is
 * among the top five, and whether the citation contains the answer.
 */
final class SquadRetrieval {

  private static final int FIRST = 5;
  private static final double RECALL = 0.95;
  private static final double CITED = 0.90;

  /** Larger chunks hold most passages whole, smaller ones a few sentences. */
  private static final int[] CHUNK_TOKENS = {256, 128, 64};

  private SquadRetrieval() {}

  /**
   * Counts over all questions: passages found, and among these, answers within a cited span and
   * unverified citations.
   */
  private record Found(int questions, int found, int cited, int unverified) {}

  static void run(Path file, Path work) throws IOException {
    Squad squad = Squad.read(file);
    List<Document> passages = squad.passages();
    List<Squad.Question> questions = squad.questions();
    Report report = new Report("Retrieval, squad");
    report.line("passages", "%d", passages.size());
    report.line("questions", "%d", questions.size());
    try (LocalEmbeddings embeddings = MiniLm.load();
        Tokenizer tokenizer = Tokenizer.load(MiniLm.folder())) {
      for (int tokens : CHUNK_TOKENS) {
        Splitter splitter =
            Splitter.builder().counter(TokenCounter.of(tokenizer)).maxTokens(tokens).build();
        Path folder = work.resolve("squad-" + tokens);
        try (SearchIndex index = index(passages, splitter, embeddings, folder)) {
          report.line("chunks", "%d of at most %d tokens", index.chunkCount(), tokens);
          for (SearchBy by : SearchBy.values()) {
            line(report, tokens, by, ask(index, embeddings, by, questions));
          }
        }
      }
    }
    report.print();
  }

  private static SearchIndex index(
      List<Document> passages, Splitter splitter, LocalEmbeddings embeddings, Path folder) {
    SearchIndex index =
        LuceneIndex.builder(folder)
            .embeddings(embeddings.identity(), embeddings.dimension())
            .open();
    List<SearchIndex.Entry> entries = new ArrayList<>();
    for (Document passage : passages) {
      List<Chunk> chunks = splitter.split(passage);
      List<String> texts = chunks.stream().map(Chunk::searchText).toList();
      entries.add(new SearchIndex.Entry(passage, chunks, embeddings.passages(texts)));
    }
    index.putAll(entries);
    return index;
  }

  private static Found ask(
      SearchIndex index, LocalEmbeddings embeddings, SearchBy by, List<Squad.Question> questions)
      throws IOException {
    RetrievalOptions options =
        RetrievalOptions.builder().searchBy(by).limit(FIRST).refuseOffSubject(false).build();
    int found = 0;
    int cited = 0;
    int unverified = 0;
    try (Rag rag = Rag.builder().index(index).embeddings(embeddings).retrieval(options).build()) {
      for (Squad.Question question : questions) {
        Answer answer = rag.ask(question.text());
        List<Citation> gold =
            answer.citations().stream()
                .filter(citation -> citation.documentId().equals(question.passage()))
                .toList();
        found += gold.isEmpty() ? 0 : 1;
        cited +=
            gold.stream().anyMatch(quoted -> quoted.span().contains(question.answer())) ? 1 : 0;
        unverified += (int) answer.citations().stream().filter(used -> !used.verified()).count();
      }
    }
    return new Found(questions.size(), found, cited, unverified);
  }

  private static void line(Report report, int tokens, SearchBy by, Found found) {
    double recall = (double) found.found() / found.questions();
    double cited = (double) found.cited() / found.found();
    boolean judged = by == SearchBy.BOTH;
    report.line(
        "  by " + by.name().toLowerCase(Locale.ROOT),
        "recall@%d %.4f%s, answer in what is cited %.4f%s, %d citations not verified",
        FIRST,
        recall,
        judged ? " (target: at least 0.95) " + Report.verdict(recall >= RECALL) : "",
        cited,
        judged ? " (target: at least 0.90) " + Report.verdict(cited >= CITED) : "",
        found.unverified());
    String name =
        "squad, chunks of " + tokens + " tokens, by " + by.name().toLowerCase(Locale.ROOT);
    report.keep(Measurement.larger(name + ": passage among the first " + FIRST, "", recall));
    report.keep(Measurement.larger(name + ": answer in what is cited", "", cited));
  }
}
