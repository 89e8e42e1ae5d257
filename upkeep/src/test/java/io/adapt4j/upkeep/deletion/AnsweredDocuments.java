package io.adapt4j.upkeep.deletion;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.CachedEmbeddings;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Documents with a secret each, which is in an index, in caches, kept replies and feedback. */
record AnsweredDocuments(Path folder) {

  static final int DOCUMENTS = 12;

  private static final Pattern SECRET = Pattern.compile("zebra\\d+x");

  static String id(int number) {
    return "place-" + number + ".md";
  }

  static String secret(int number) {
    return "zebra" + number + "x";
  }

  private static String question(int number) {
    return "What is the word of place" + number + "?";
  }

  private static Document document(int number) {
    return Document.of(
        id(number),
        "At place%1$d the word is %2$s, which opens the door of hall%1$d when the moon stands high."
            .formatted(number, secret(number)));
  }

  /** Answers by the secret in the prompt. */
  private static TextGenerator generator() {
    return TextGenerator.of(
        "finder",
        prompt -> {
          Matcher found = SECRET.matcher(prompt.toLowerCase(Locale.ROOT));
          return found.find() ? found.group() : "no word";
        });
  }

  LuceneIndex open() {
    TextEmbeddings embeddings = new Letters();
    return LuceneIndex.builder(folder.resolve("index"))
        .embeddings(embeddings.identity(), embeddings.dimension())
        .open();
  }

  Path vectors() {
    return folder.resolve("vectors");
  }

  Path answers() {
    return folder.resolve("answers");
  }

  Path replies() {
    return folder.resolve("replies");
  }

  FeedbackLog log() {
    return FeedbackLog.open(folder.resolve("feedback"));
  }

  DocumentDeletion deletion(LuceneIndex index, int... numbers) {
    String[] ids = IntStream.of(numbers).mapToObj(AnsweredDocuments::id).toArray(String[]::new);
    return DocumentDeletion.of(index, ids)
        .vectors(vectors())
        .answers(answers())
        .replies(replies())
        .feedback(log());
  }

  /** Indexes the documents, and asks and evaluates about each. */
  AnsweredDocuments write() throws IOException {
    try (CachedEmbeddings embeddings = CachedEmbeddings.in(new Letters(), vectors());
        LuceneIndex index = open();
        Rag rag =
            Rag.builder()
                .index(index)
                .embeddings(embeddings)
                .generator(TextGenerator.cached(generator(), AnswerCache.at(answers())))
                .retrieval(RetrievalOptions.builder().limit(1).refuseOffSubject(false).build())
                .build()) {
      rag.add(IntStream.range(0, DOCUMENTS).mapToObj(AnsweredDocuments::document).toList());
      FeedbackLog log = log();
      for (int i = 0; i < DOCUMENTS; i++) {
        String passage = rag.search(question(i)).passages().get(0).text();
        String answer = rag.ask(question(i)).text();
        log.record(
            RecordedAnswer.of(
                    "a" + i, "m@1", List.of(ChatMessage.user(passage + "\n" + question(i))), answer)
                .withConsent(true));
        log.add(Feedback.on("a" + i).rated(Rating.UP));
      }
      Evaluator exam = Evaluator.builder().tasks(task()).replies(replies()).build();
      exam.evaluate(
          Candidate.grounded("index", Candidate.of(generator()), one -> passages(rag, one)));
      exam.evaluate(Candidate.of(TextGenerator.of("alone", prompt -> "I do not know.")));
    }
    return this;
  }

  private static List<String> passages(Rag rag, String question) {
    return rag.search(question).passages().stream().map(one -> one.text()).toList();
  }

  private static Task task() {
    List<Item> items =
        IntStream.range(0, DOCUMENTS)
            .mapToObj(
                i ->
                    Tasks.answerItem(
                        "q" + i,
                        question(i),
                        GenerationOptions.greedy(),
                        List.of(secret(i)),
                        AnswerExtraction.whole(),
                        AnswerMetric.EXACT_MATCH,
                        Map.of()))
            .toList();
    return new Task("words", items, List.of(TaskMetric.mean("exact_match")), false);
  }

  /** Embeddings by the counts of letters and digits. */
  static final class Letters implements TextEmbeddings {

    @Override
    public String identity() {
      return "letters";
    }

    @Override
    public int dimension() {
      return 36;
    }

    @Override
    public List<float[]> passages(List<String> texts) {
      return texts.stream().map(this::query).toList();
    }

    @Override
    public float[] query(String text) {
      float[] counts = new float[dimension()];
      text.toLowerCase(Locale.ROOT)
          .chars()
          .map(c -> Character.digit(c, 36))
          .filter(letter -> letter >= 0)
          .forEach(letter -> counts[letter]++);
      return counts;
    }
  }
}
