package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.http.Sleeper;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.loss.Divergence;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.task.DistillationTask;
import io.adapt4j.core.train.TrainingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;

/** Distillation with encoded data. */
record PreparedDistillation(
    DistillationTask task,
    FineTuneSettings settings,
    ExampleEncoder encoder,
    EncodableRows train,
    Optional<EncodableRows> held)
    implements PreparedTask<DistillationBatch> {

  static PreparedDistillation of(
      DistillationTask task, FineTuneSettings settings, ExampleEncoder encoder) {
    if (task.alignment().isEmpty()) {
      task.teacher().ifPresent(folder -> SameTokenizer.require(folder, encoder.tokenizer()));
    }
    EncodableRows train = encoder.filter(settings.train());
    EncodedData.requireUsable(settings.train(), train.report(), encoder.maxLength());
    Optional<EncodableRows> held = settings.validation().map(encoder::filter);
    held.ifPresent(
        rows ->
            EncodedData.requireUsable(
                settings.validation().orElseThrow(), rows.report(), encoder.maxLength()));
    return new PreparedDistillation(task, settings, encoder, train, held);
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(EncodableRows::report), encoder.maxLength());
  }

  @Override
  public int batches() {
    return trainBatches().count();
  }

  @Override
  public LargestBatch largestBatch(int examples) {
    int written = task.onPolicy() > 0 ? task.maxNewTokens() : 0;
    return new LargestBatch(examples, Math.min(encoder.maxLength(), data().longest() + written));
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return encoder.usedChatTemplate();
  }

  @Override
  public Planner beside(Planner planner, Network network) {
    Planner all =
        task.teacher().isPresent() && !usesFile()
            ? planner.beside(MemoryNames.TEACHER, declared(task.teacher().get()))
            : task.isSelf() && settings.method().trainsBase()
                ? planner.beside(MemoryNames.TEACHER, network)
                : planner;
    return task.onPolicy() > 0
        ? all.generating(settings.batchSize(), data().longest(), task.maxNewTokens())
        : all;
  }

  private boolean usesFile() {
    return task.stored().isPresent() && Files.exists(task.stored().get());
  }

  private static Network declared(Path folder) {
    return TaskModel.generating(StoredModel.read(folder, WeightFormat.asStored()), folder)
        .declare();
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<DistillationBatch>, R> action) {
    Decoder student = (Decoder) network;
    if (task.stored().isPresent()) {
      return action.apply(training(student, adaptation, stored(student)));
    }
    if (task.isSelf() && canBeSwitchedOff(student, adaptation)) {
      TeacherPredictions before =
          batch ->
              new VocabularyDistillation.Live(
                  adaptation.withoutAdapter(() -> Divergence.rows(student, batch)), student.head());
      return action.apply(training(student, adaptation, before));
    }
    try (LoadedModel teacher = teacher(student)) {
      return action.apply(
          task.alignment().isPresent()
              ? aligned(student, adaptation, teacher)
              : training(student, adaptation, TeacherPredictions.of(teacher.decoder())));
    }
  }

  private static boolean canBeSwitchedOff(Decoder student, Adaptation adaptation) {
    VocabularyHead head = student.head();
    boolean headTrains =
        head.weight().isTrained() || (head.bias() != null && head.bias().isTrained());
    return adaptation.canBeSwitchedOff() && !headTrains;
  }

  private Training<DistillationBatch> training(
      Decoder student, Adaptation adaptation, TeacherPredictions predictions) {
    BiFunction<Batch, Batch, DistillationBatch> shown =
        task.isSelf() ? demonstrations()::shown : (batch, rows) -> DistillationBatch.of(batch);
    return training(student, adaptation, task(student, predictions), shown);
  }

  private Training<DistillationBatch> aligned(
      Decoder student, Adaptation adaptation, LoadedModel teacher) {
    AlignedDivergences aligned = AlignedDivergences.of(task, student, encoder.tokenizer(), teacher);
    aligned.requireGroups(trainBatches().any(), teacher.folder());
    return training(student, adaptation, aligned, (batch, rows) -> aligned.read(batch));
  }

  private Training<DistillationBatch> training(
      Decoder student,
      Adaptation adaptation,
      TrainingTask<DistillationBatch> measured,
      BiFunction<Batch, Batch, DistillationBatch> shown) {
    BatchSource<DistillationBatch> batches =
        task.onPolicy() > 0
            ? new OnPolicyBatches(
                trainBatches(), task.onPolicy(), sampling(student), shown, settings.seed())
            : trainBatches().map(batch -> shown.apply(batch, batch));
    return new Training<>(
        measured,
        batches,
        held.map(rows -> batches(rows).map(batch -> shown.apply(batch, batch))),
        adaptation);
  }

  private Demonstrations demonstrations() {
    return Demonstrations.of(
        Stream.concat(Stream.of(train), held.stream()).map(EncodableRows::dataset).toList(),
        encoder);
  }

  private TrainingTask<DistillationBatch> task(Decoder student, TeacherPredictions predictions) {
    if (task.miniLlm().isEmpty()) {
      return new Divergences(student, divergence(), predictions);
    }
    return MiniLlmTask.of(student, task.miniLlm().getAsDouble(), divergence(), predictions);
  }

  private VocabularyDistillation divergence() {
    return new VocabularyDistillation(
        task.beta(), task.temperature(), task.top(), false, VocabularyDistillation.Rest.NORMALIZED);
  }

  private StudentSampling sampling(Decoder student) {
    return StudentSampling.of(student, settings.objective().model(), encoder, task);
  }

  private LoadedModel teacher(Decoder student) {
    Path folder = task.teacher().orElse(settings.objective().model().folder());
    LoadedModel teacher =
        LoadedModel.load(folder, settings.precision(), WeightFormat.asStored(), List.of());
    long own = student.head().weight().sizes()[0];
    long found = teacher.decoder().head().weight().sizes()[0];
    if (own != found && task.alignment().isEmpty()) {
      teacher.close();
      throw new TrainingException(
          ("%s: expected a teacher with the model's vocabulary of %s tokens, found %s. Give a"
                  + " model of the same tokenizer, or set alignTokenizers.")
              .formatted(folder, own, found));
    }
    return teacher;
  }

  /**
   * Reads the stored predictions; without the file, or without all rows in it, asks the teacher.
   */
  private TeacherPredictions stored(Decoder student) {
    Path file = task.stored().orElseThrow();
    String hash =
        task.teacher()
            .map(StoredPredictions::hash)
            .or(() -> task.server().map(StoredPredictions::hash))
            .orElse("");
    String key = "top " + task.top() + " at temperature " + task.temperature();
    if (Files.exists(file)) {
      StoredPredictions found = StoredPredictions.read(file, key, hash, task.top());
      if (hash.isEmpty() || found.covers(inOrder())) {
        return found;
      }
    }
    if (task.server().isPresent()) {
      ServerTeacher server = new ServerTeacher(task.server().get(), Sleeper.REAL);
      int vocabulary = Math.toIntExact(student.head().weight().sizes()[0]);
      StoredPredictions asked = StoredPredictions.ask(server, divergence(), vocabulary, inOrder());
      asked.write(file, key, hash);
      return asked;
    }
    try (LoadedModel teacher = teacher(student)) {
      StoredPredictions asked =
          StoredPredictions.ask(TeacherPredictions.of(teacher.decoder()), divergence(), inOrder());
      asked.write(file, key, hash);
      return asked;
    }
  }

  private List<Iterator<Batch>> inOrder() {
    return Stream.concat(
            Stream.of(batches(train)), held.stream().map(PreparedDistillation.this::batches))
        .map(batches -> batches.epoch(0))
        .toList();
  }

  private Batches batches(EncodableRows rows) {
    return Batches.of(rows).batchSize(settings.batchSize()).build();
  }

  private Batches trainBatches() {
    return Batches.of(train).batchSize(settings.batchSize()).shuffle(settings.seed()).build();
  }
}
