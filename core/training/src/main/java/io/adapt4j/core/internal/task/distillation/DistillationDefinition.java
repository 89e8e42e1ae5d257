package io.adapt4j.core.internal.task.distillation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.FixedDefinition;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.task.DistillationTask;
import io.adapt4j.core.task.DistillationTask.Alignment;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.task.TeacherServer;
import io.adapt4j.core.tokenize.Tokenizer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Distillation. */
public final class DistillationDefinition extends FixedDefinition<DistillationTask> {

  private static final String NAME = "distillation";
  private static final String SELF = "selfDistillation";
  private static final String TEACHER = "teacher";
  private static final String SERVER = "server";
  private static final String ADDRESS = "address";
  private static final String MODEL = "model";
  private static final String KEY_FROM = "apiKeyFrom";
  private static final String STORED = "stored";
  private static final String TOP = "top";
  private static final String BETA = "beta";
  private static final String TEMPERATURE = "temperature";
  private static final String ON_POLICY = "onPolicy";
  private static final String NEW_TOKENS = "maxNewTokens";
  private static final String MINI_LLM = "miniLlm";

  public DistillationDefinition() {
    super(DistillationTask.class, TaskKind.NEXT_TOKENS, List.of(NAME, SELF));
  }

  @Override
  public Optional<Task> read(String name, Fields options) {
    boolean self = name.equals(SELF);
    DistillationTask usual = self ? Task.selfDistillation() : Task.distillation(Path.of("teacher"));
    Optional<Path> teacher = self ? Optional.empty() : options.file(TEACHER);
    Optional<Path> stored = self ? Optional.empty() : options.file(STORED);
    OptionalDouble miniLlm = self ? OptionalDouble.empty() : miniLlm(options);
    Optional<TeacherServer> server = self ? Optional.empty() : server(options);
    if (!self && teacher.isEmpty() && stored.isEmpty()) {
      options.require(TEACHER, "Give its folder, or a file of its stored predictions.");
    }
    int top = options.integer(TOP, 0).orElse(usual.top());
    double beta = number(options, BETA, usual.beta());
    double temperature = number(options, TEMPERATURE, usual.temperature());
    double onPolicy = number(options, ON_POLICY, miniLlm.isPresent() ? 1 : usual.onPolicy());
    int newTokens = options.integer(NEW_TOKENS, 1).orElse(usual.maxNewTokens());
    Optional<Alignment> alignment = self ? Optional.empty() : AlignmentKeys.read(options);
    List<Task> made = new ArrayList<>();
    options.attempt(
        "",
        () ->
            made.add(
                new DistillationTask(
                    teacher,
                    server,
                    stored,
                    top,
                    beta,
                    temperature,
                    onPolicy,
                    newTokens,
                    miniLlm,
                    alignment)));
    return made.stream().findFirst();
  }

  private static Optional<TeacherServer> server(Fields options) {
    Optional<Fields> written = options.mapping(SERVER);
    if (written.isEmpty()) {
      return Optional.empty();
    }
    Fields fields = written.get();
    Optional<String> address = fields.text(ADDRESS);
    Optional<String> model = fields.text(MODEL);
    Optional<String> key = fields.text(KEY_FROM);
    if (address.isEmpty()) {
      fields.require(ADDRESS, "Give it up to the version, such as http://localhost:8000/v1.");
    }
    if (model.isEmpty()) {
      fields.require(MODEL, "Give the model's name on the server.");
    }
    List<TeacherServer> made = new ArrayList<>();
    if (address.isPresent() && model.isPresent()) {
      fields.attempt(
          ADDRESS, () -> made.add(new TeacherServer(URI.create(address.get()), model.get(), key)));
    }
    fields.finish();
    return made.stream().findFirst();
  }

  private static OptionalDouble miniLlm(Fields options) {
    return options
        .number(MINI_LLM, "", value -> true)
        .map(OptionalDouble::of)
        .orElse(OptionalDouble.empty());
  }

  private static double number(Fields options, String key, double usual) {
    return options.number(key, "", value -> true).orElse(usual);
  }

  @Override
  public Optional<JsonNode> write(DistillationTask task) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(task.isSelf() ? SELF : NAME);
    task.teacher().ifPresent(folder -> options.put(TEACHER, absolute(folder)));
    task.server()
        .ifPresent(
            server -> {
              ObjectNode written = options.putObject(SERVER);
              written.put(ADDRESS, server.address().toString()).put(MODEL, server.model());
              server.apiKeyFrom().ifPresent(variable -> written.put(KEY_FROM, variable));
            });
    task.stored().ifPresent(file -> options.put(STORED, absolute(file)));
    options
        .put(TOP, task.top())
        .put(BETA, task.beta())
        .put(TEMPERATURE, task.temperature())
        .put(ON_POLICY, task.onPolicy())
        .put(NEW_TOKENS, task.maxNewTokens());
    task.miniLlm().ifPresent(discount -> options.put(MINI_LLM, discount));
    task.alignment().ifPresent(weights -> AlignmentKeys.write(weights, options));
    return Optional.of(keys);
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  @Override
  public String identity(DistillationTask task) {
    return task.toString();
  }

  @Override
  public void check(DistillationTask task, Draft draft, int batchSize, Checks checks) {
    super.check(task, draft, batchSize, checks);
    task.teacher()
        .ifPresent(
            folder ->
                checks.require(
                    Files.isDirectory(folder),
                    "the teacher's folder " + folder.toAbsolutePath() + " does not exist"));
    task.teacher()
        .filter(folder -> task.alignment().isPresent() && Files.isDirectory(folder))
        .ifPresent(
            folder ->
                checks.require(
                    SameTokenizer.hasTokenizer(folder),
                    "alignTokenizers needs tokenizer.json in the teacher's folder "
                        + folder.toAbsolutePath()));
    checks.require(
        task.teacher().isPresent()
            || task.server().isPresent()
            || task.stored().stream().allMatch(Files::isRegularFile),
        "the file of stored predictions does not exist; give the teacher's folder or server too,"
            + " so that they are stored");
  }

  @Override
  public TaskModel model(DistillationTask task, Path folder, StoredModel stored, Dataset train) {
    return TaskModel.generating(stored, folder);
  }

  @Override
  public PreparedTask<?> prepare(
      DistillationTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    return PreparedDistillation.of(task, settings, settings.exampleEncoder(tokenizer));
  }
}
