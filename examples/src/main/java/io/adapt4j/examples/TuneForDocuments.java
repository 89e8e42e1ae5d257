package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.advise.Experiment;
import io.adapt4j.eval.advise.Recommendation;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.RagBuilder;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.embed.MiniLm;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.rag.tune.Raft;
import io.adapt4j.rag.tune.RaftQuestion;
import io.adapt4j.rag.tune.RaftRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Trains a model to answer from documents (RAFT), and compares four candidates on questions about
 * documents that it was not trained on: the base model, the base model with retrieval, a model
 * tuned on questions and answers alone, and the model of RAFT with retrieval.
 *
 * <p>{@code TuneForDocuments [DOCUMENTS QUESTIONS [MODEL [OUTPUT]]]}: run it from the root of the
 * repository. The questions are JSON lines with {@code question}, {@code answer}, {@code document}
 * and {@code passage}; the last quarter is the exam. Without arguments, documents about invented
 * villages and the model that comes with the examples are taken.
 */
public final class TuneForDocuments {

  private static final int PASSAGES = 2;
  private static final int NEW_TOKENS = 24;
  private static final double RATE = 1e-3;

  private static final List<String> ANIMALS =
      List.of("goats", "ducks", "bees", "cats", "pigs", "sheep", "birds", "cows");

  private TuneForDocuments() {}

  /**
   * Runs the experiment.
   *
   * @param arguments documents, questions, model and output folder
   * @throws IOException if a folder cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 1 || arguments.length > 4) {
      System.err.println("Usage: TuneForDocuments [DOCUMENTS QUESTIONS [MODEL [OUTPUT]]]");
      System.exit(2);
    }
    boolean own = arguments.length > 1;
    List<Document> documents = new ArrayList<>();
    if (own) {
      Documents.in(Path.of(arguments[0])).forEach(documents::add);
    } else {
      documents.addAll(villages(80));
    }
    List<RaftQuestion> questions =
        own ? RaftQuestion.read(Path.of(arguments[1])) : aboutVillages(80);
    Path model = Path.of(arguments.length > 2 ? arguments[2] : "examples/models/stories260K");
    Path output = Path.of(arguments.length > 3 ? arguments[3] : "runs/tune-for-documents");
    System.out.print(run(documents, questions, model, output, 10).text());
  }

  /** Indexes the documents, trains both models, and gives the exam to every candidate. */
  static Recommendation run(
      List<Document> documents, List<RaftQuestion> questions, Path model, Path output, int epochs)
      throws IOException {
    List<RaftQuestion> known = questions.subList(0, questions.size() * 3 / 4);
    List<RaftQuestion> exam = questions.subList(known.size(), questions.size());
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(NEW_TOKENS).build();
    AnswerOptions answering = AnswerOptions.builder().generation(options).build();
    RetrievalOptions retrieval =
        RetrievalOptions.builder().limit(PASSAGES).refuseOffSubject(false).build();
    ModelSource base = ModelSource.path(model);
    try (LanguageModel plain = load(base);
        TextEmbeddings embeddings = MiniLm.load();
        Rag rag =
            builder(embeddings, retrieval, answering)
                .index(output.resolve("index"))
                .generator(plain)
                .build()) {
      rag.sync(Documents.of(documents));
      RaftRows rows =
          Raft.in(rag.index(), embeddings)
              .retrieval(retrieval)
              .answering(answering)
              .budget(plain)
              .distractors(PASSAGES - 1)
              .rows(known);
      rows.write(output.resolve("raft.jsonl"));
      Path raft = train(base, plain.chatTemplate(), rows.dataset(), output.resolve("raft"), epochs);
      Path tuned = train(base, plain.chatTemplate(), pairs(known), output.resolve("tuned"), epochs);
      try (LanguageModel ofRaft = load(ModelSource.path(raft));
          LanguageModel ofPairs = load(ModelSource.path(tuned));
          Rag tunedRag =
              builder(embeddings, retrieval, answering)
                  .index(rag.index())
                  .generator(ofRaft)
                  .build()) {
        return Experiment.builder()
            .base(Candidate.chat(plain))
            .rag(Candidate.of(rag.asGenerator("documents with the base model")))
            .fineTuned(Candidate.chat(ofPairs))
            .both(Candidate.of(tunedRag.asGenerator("documents with the model of RAFT")))
            .exam(exam(exam, options))
            .build()
            .run();
      }
    }
  }

  private static RagBuilder builder(
      TextEmbeddings embeddings, RetrievalOptions retrieval, AnswerOptions answering) {
    return Rag.builder().embeddings(embeddings).retrieval(retrieval).answering(answering);
  }

  /** Loads a model; one without a chat template gets the shortest, since its context is short. */
  private static LanguageModel load(ModelSource source) {
    LanguageModel model = LanguageModel.load(source, Precision.FP32);
    if (!model.hasChatTemplate()) {
      model.useChatTemplate(
          ChatTemplate.of(
              "{% for message in messages %}{{ message.content }}"
                  + "{{ '</s>' if message.role == 'assistant' else '\n' }}{% endfor %}",
              Map.of()));
    }
    return model;
  }

  private static Dataset pairs(List<RaftQuestion> questions) {
    return Datasets.of(
        questions.stream()
            .map(
                row ->
                    new Example.Chat(
                        List.of(
                            ChatMessage.user(row.question()), ChatMessage.assistant(row.answer()))))
            .toList());
  }

  private static Task exam(List<RaftQuestion> questions, GenerationOptions options) {
    List<Item> items = new ArrayList<>();
    for (RaftQuestion row : questions) {
      items.add(
          Tasks.answerItem(
              String.valueOf(items.size() + 1),
              row.question(),
              options,
              List.of(row.answer()),
              AnswerExtraction.withoutCitations(),
              AnswerMetric.SQUAD,
              Map.of()));
    }
    return new Task(
        "questions",
        items,
        AnswerMetric.SQUAD.names().stream().sorted().map(TaskMetric::mean).toList(),
        false);
  }

  private static Path train(
      ModelSource base, ChatTemplate template, Dataset rows, Path output, int epochs) {
    return FineTuner.builder()
        .model(base)
        .dataset(rows)
        .chatTemplate(template)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(epochs)
        .batchSize(8)
        .learningRate(RATE)
        .maxLength(512)
        .saveLimit(0)
        .output(output)
        .overwriteOutput()
        .build()
        .run()
        .last();
  }

  /** Returns documents about villages, each of which keeps one kind of animals. */
  static List<Document> villages(int count) {
    List<Document> documents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      documents.add(
          Document.of(name(i), "The people of %s keep %s.".formatted(name(i), animals(i))));
    }
    return documents;
  }

  /** Returns a question about each village. */
  static List<RaftQuestion> aboutVillages(int count) {
    List<RaftQuestion> questions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      questions.add(
          new RaftQuestion(
              "What do the people of %s keep?".formatted(name(i)),
              "They keep %s.".formatted(animals(i)),
              name(i),
              "keep %s".formatted(animals(i))));
    }
    return questions;
  }

  private static String name(int village) {
    List<String> first =
        List.of("Bel", "Tom", "Lil", "Sam", "Max", "Ben", "Tim", "Sue", "Kit", "Bob");
    List<String> last = List.of("by", "ton", "land", "wood", "field", "hill", "well", "town");
    return first.get(village % first.size()) + last.get(village / first.size() % last.size());
  }

  private static String animals(int village) {
    return ANIMALS.get((village * 5 + village / 8) % ANIMALS.size());
  }
}
