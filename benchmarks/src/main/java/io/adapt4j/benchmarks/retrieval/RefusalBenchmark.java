package io.adapt4j.benchmarks.retrieval;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.CachedEmbeddings;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Error rates of the default refusal: the shares of answerable and of unanswerable questions that
 * are refused. The indexes are SQuAD, each half of SQuAD's articles with the other half's questions
 * as unanswerable ones of the same kind, Cranfield and CACM.
 */
@InSuite(
    full = "",
    needs = {
      "../shared/data/squad",
      "../shared/data/cranfield",
      "../shared/data/cacm",
      "../shared/data/banking77",
      "../shared/data/clinc150"
    })
public final class RefusalBenchmark {

  private static final int FIRST = 5;
  private static final double WRONGLY_REFUSED = 0.005;
  private static final int SAMPLED = 400;
  private static final String OPTIONS =
      "--data ../shared/data --sets squad,halves,cranfield,cacm --vectors";

  private final TextEmbeddings embeddings;
  private final Path work;
  private final Map<String, Answerable> answerable = new LinkedHashMap<>();
  private final Map<String, List<String>> unanswerable = new LinkedHashMap<>();

  /** A question and the ids of the documents that answer it. */
  private record Question(String text, Set<String> documents) {}

  /** Documents and the questions that they answer. */
  private record Answerable(List<Document> documents, List<Question> questions) {

    List<String> texts() {
      return questions.stream().map(Question::text).toList();
    }
  }

  private RefusalBenchmark(Path data, TextEmbeddings embeddings, Path work) throws IOException {
    this.embeddings = embeddings;
    this.work = work;
    answerable.put("squad", squad(data.resolve("squad/xquad_en_a.json")));
    answerable.put("cranfield", judged(TestCollection.read(data.resolve("cranfield"))));
    answerable.put("cacm", judged(TestCollection.read(data.resolve("cacm"))));
    unanswerable.put("banking77", sample(data.resolve("banking77/train.csv")));
    unanswerable.put("clinc150", sample(data.resolve("clinc150/train.jsonl")));
    answerable.forEach((name, set) -> unanswerable.put(name, set.texts()));
  }

  /**
   * Options: {@code --data} with the folders of the sets, {@code --sets} to index, {@code
   * --vectors} for a folder to keep vectors in.
   */
  public static void main(String[] line) throws IOException {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    try (TemporaryFolder work = TemporaryFolder.create()) {
      String kept = arguments.text("--vectors");
      Path vectors = kept.isEmpty() ? work.path().resolve("vectors") : Path.of(kept);
      try (TextEmbeddings embeddings = CachedEmbeddings.in(MiniLm.load(), vectors)) {
        RefusalBenchmark benchmark =
            new RefusalBenchmark(Path.of(arguments.text("--data")), embeddings, work.path());
        for (String set : arguments.text("--sets").split(",", -1)) {
          benchmark.run(set);
        }
      }
    }
  }

  private static Answerable squad(Path file) throws IOException {
    Squad squad = Squad.read(file);
    return new Answerable(
        squad.passages(),
        squad.questions().stream()
            .map(question -> new Question(question.text(), Set.of(question.passage())))
            .toList());
  }

  private static Answerable judged(TestCollection collection) {
    List<Document> documents =
        collection.documents().stream()
            .map(item -> Document.of(item.id(), item.readable()))
            .toList();
    List<Question> questions = new ArrayList<>();
    collection
        .queries()
        .forEach(
            (id, text) -> {
              Set<String> relevant = new HashSet<>(collection.grades().get(id).keySet());
              relevant.removeIf(document -> collection.grades().get(id).get(document) == 0);
              questions.add(new Question(text, relevant));
            });
    return new Answerable(documents, questions);
  }

  private static List<String> sample(Path file) {
    Dataset all = Datasets.read(file).map(row -> new Example.Text(row.text("text"))).open();
    return IntStream.range(0, SAMPLED)
        .mapToObj(i -> ((Example.Text) all.get((int) ((long) i * all.size() / SAMPLED))).text())
        .toList();
  }

  private void run(String set) throws IOException {
    if (!set.equals("halves")) {
      measure(set, answerable.get(set), others(set));
      return;
    }
    for (int half = 0; half < 2; half++) {
      int kept = half;
      Answerable all = answerable.get("squad");
      List<String> articles = all.documents().stream().map(Document::title).distinct().toList();
      List<Document> documents =
          all.documents().stream()
              .filter(document -> articles.indexOf(document.title()) % 2 == kept)
              .toList();
      Set<String> ids = documents.stream().map(Document::id).collect(Collectors.toSet());
      Map<Boolean, List<Question>> questions =
          all.questions().stream()
              .collect(
                  Collectors.partitioningBy(question -> ids.containsAll(question.documents())));
      Map<String, List<String>> others = others("squad");
      others.put("squad, other half", questions.get(false).stream().map(Question::text).toList());
      measure("squad-half-" + half, new Answerable(documents, questions.get(true)), others);
    }
  }

  private Map<String, List<String>> others(String set) {
    Map<String, List<String>> others = new LinkedHashMap<>(unanswerable);
    others.remove(set);
    return others;
  }

  private void measure(String set, Answerable asked, Map<String, List<String>> others)
      throws IOException {
    Report report = new Report("Refusal, " + set);
    report.line("documents", "%d", asked.documents().size());
    RetrievalOptions never = RetrievalOptions.builder().refuseOffSubject(false).build();
    try (SearchIndex index =
            LuceneIndex.builder(work.resolve(set))
                .embeddings(embeddings.identity(), embeddings.dimension())
                .open();
        Rag refusing = Rag.builder().index(index).embeddings(embeddings).build();
        Rag plain = Rag.builder().index(index).embeddings(embeddings).retrieval(never).build()) {
      refusing.add(asked.documents());
      List<Question> questions = asked.questions();
      double wrong = refused(refusing, asked.texts());
      report.line(
          "its own",
          "refused %.4f of %d (target: at most %.3f) %s, found among the first %d %.4f, without"
              + " refusal %.4f",
          wrong,
          questions.size(),
          WRONGLY_REFUSED,
          Report.verdict(wrong <= WRONGLY_REFUSED),
          FIRST,
          found(refusing, questions),
          found(plain, questions));
      report.keep(
          Measurement.smaller(set + ": own questions refused", "", wrong).target(WRONGLY_REFUSED));
      for (Map.Entry<String, List<String>> other : others.entrySet()) {
        double right = refused(refusing, other.getValue());
        report.line(other.getKey(), "refused %.4f of %d", right, other.getValue().size());
        report.keep(Measurement.larger(set + ": " + other.getKey() + " refused", "", right));
      }
    }
    report.print();
  }

  private static double refused(Rag rag, List<String> questions) {
    return questions.stream().filter(question -> rag.search(question).passages().isEmpty()).count()
        / (double) questions.size();
  }

  private static double found(Rag rag, List<Question> questions) {
    return questions.stream()
            .filter(
                question ->
                    rag.search(question.text()).passages().stream()
                        .map(Passage::documentId)
                        .anyMatch(question.documents()::contains))
            .count()
        / (double) questions.size();
  }
}
