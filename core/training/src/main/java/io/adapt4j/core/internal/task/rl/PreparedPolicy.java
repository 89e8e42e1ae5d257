package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.TemplateMarker;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.plan.RolloutPlan;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.task.episode.EpisodeSetting;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Reinforcement learning with encoded prompts. */
final class PreparedPolicy implements PreparedTask<RolloutBatch> {

  private final FineTuneSettings settings;
  private final Reinforcement algorithm;
  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final PromptRows train;
  private final Optional<PromptRows> held;
  private final Optional<EpisodeSetting> episodes;

  private PreparedPolicy(
      FineTuneSettings settings,
      Reinforcement algorithm,
      Tokenizer tokenizer,
      Optional<ChatTemplate> template,
      PromptRows train,
      Optional<PromptRows> held,
      Optional<EpisodeSetting> episodes) {
    this.settings = settings;
    this.algorithm = algorithm;
    this.tokenizer = tokenizer;
    this.template = template.filter(any -> train.usesTemplate());
    this.train = train;
    this.held = held;
    this.episodes = episodes;
  }

  /** Returns the maximum number of tokens after a prompt. */
  static int mostTokens(Reinforcement algorithm) {
    return algorithm instanceof Grpo grpo && grpo.environment().isPresent()
        ? grpo.limits().tokens()
        : algorithm.maxNewTokens();
  }

  static PreparedPolicy of(
      Reinforcement algorithm, FineTuneSettings settings, Tokenizer tokenizer) {
    int maxLength = settings.lengthLimit();
    int most = maxLength - mostTokens(algorithm);
    Optional<Grpo> acting =
        Optional.of(algorithm)
            .filter(Grpo.class::isInstance)
            .map(Grpo.class::cast)
            .filter(grpo -> grpo.environment().isPresent());
    if (most < 1) {
      String limit = acting.isPresent() ? "the tokens of an episode," : "maxNewTokens";
      throw SettingsException.ofFineTuning(
          List.of(
              "maxLength %s leaves no room for a prompt beside %s %s; lower %s"
                  .formatted(
                      maxLength,
                      limit,
                      mostTokens(algorithm),
                      acting.isPresent() ? "the limit of tokens" : "maxNewTokens")));
    }
    Optional<ChatTemplate> template = settings.chatTemplate();
    Optional<EpisodeSetting> episodes =
        acting.map(
            grpo ->
                EpisodeSetting.of(
                    grpo.environment().orElseThrow(),
                    grpo.limits(),
                    grpo.maxNewTokens(),
                    tokenizer,
                    template));
    PromptRows.Encoding encoding =
        new PromptRows.Encoding(
            tokenizer,
            template,
            most,
            acting.map(grpo -> EpisodeSetting.definitions(grpo.environment().orElseThrow())));
    return EncodedData.encoded(
        () ->
            new PreparedPolicy(
                settings,
                algorithm,
                tokenizer,
                template,
                rows(settings.train(), encoding),
                settings.validation().map(data -> rows(data, encoding)),
                episodes));
  }

  private static PromptRows rows(Dataset data, PromptRows.Encoding encoding) {
    PromptRows rows = PromptRows.of(data, encoding);
    if (rows.report().kept() == 0) {
      throw SettingsException.ofFineTuning(
          List.of(
              ("%s: each of its %s prompts is longer than %s tokens, which is what maxLength"
                      + " less maxNewTokens leaves. Shorten them, or raise maxLength.")
                  .formatted(data.name(), rows.report().rows(), encoding.most())));
    }
    return rows;
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(PromptRows::report), settings.lengthLimit());
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return template;
  }

  @Override
  public Optional<RolloutPlan> rollouts() {
    Reinforcement rollout = algorithm;
    return Optional.of(
        new RolloutPlan(
            train.report().kept(),
            Math.multiplyExact(rolloutsOfEpoch(), rollout.completions()),
            rollout.groupSize(),
            mostTokens(rollout),
            rollout.passes()));
  }

  private int rolloutsOfEpoch() {
    int prompts = algorithm.prompts();
    return (train.report().kept() + prompts - 1) / prompts;
  }

  @Override
  public int batches() {
    Reinforcement rollout = algorithm;
    return rolloutsOfEpoch() * (rollout.completions() / settings.batchSize()) * rollout.passes();
  }

  @Override
  public LargestBatch largestBatch(int examples) {
    return new LargestBatch(settings.batchSize(), data().longest() + mostTokens(algorithm));
  }

  /**
   * Adds the memory of rollouts: key-value cache, rewards, and a reference network if the base
   * trains.
   */
  @Override
  public Planner beside(Planner planner, Network network) {
    Decoder declared = (Decoder) network;
    int longest = data().longest();
    Reinforcement rollout = algorithm;
    int side = Math.min(rollout.generationBatch(), rollout.completions());
    Planner all =
        planner
            .generating(side, longest, mostTokens(rollout), drawsAhead())
            .lasting(learning(), forwards(side))
            .ofLengths(Math.min(train.report().kept(), longest));
    if (algorithm.usesReference() && settings.method().trainsBase()) {
      all = all.beside(MemoryNames.REFERENCE, declared);
    }
    if (drawsAhead()) {
      all =
          settings.method().trainsBase()
              ? all.beside(
                  MemoryNames.SAMPLING_COPY, settings.method().trainableParameters(declared))
              : all.besideAdapter(
                  MemoryNames.SAMPLING_COPY,
                  declared,
                  settings.method().trainableSummary(declared));
    }
    for (RunReward reward : RunReward.in(algorithm)) {
      all = reward.beside(all, declared);
    }
    return all;
  }

  private long rolloutsOfRun() {
    long rollouts = (long) rolloutsOfEpoch() * settings.training().epochs();
    int most = settings.training().maxSteps();
    return most == 0
        ? rollouts
        : Math.min(rollouts, (most + stepsOfRollout() - 1) / Math.max(1, stepsOfRollout()));
  }

  /** Returns the number of micro-batches of the whole run. */
  private long learning() {
    Reinforcement rollout = algorithm;
    return rolloutsOfRun() * (rollout.completions() / settings.batchSize()) * rollout.passes();
  }

  /**
   * Returns the number of forward passes that generate or score tokens in the whole run, including
   * evaluations.
   */
  private long forwards(int side) {
    Reinforcement rollout = algorithm;
    long batch = settings.batchSize();
    long all = rollout.completions();
    long ofRollout = parts(all, side) * mostTokens(rollout) + 2 * parts(all, batch);
    long kept = held.map(promptRows -> promptRows.report().kept()).orElse(0);
    long evaluating =
        parts(kept, rollout.generationBatch()) * mostTokens(rollout) + 2 * parts(kept, batch);
    return rolloutsOfRun() * ofRollout + evaluations(rolloutsOfRun()) * evaluating;
  }

  private static long parts(long whole, long part) {
    return (whole + part - 1) / part;
  }

  /** Returns the number of evaluations: one before the first step and one per interval. */
  private long evaluations(long rollouts) {
    int interval = settings.training().evaluationInterval();
    return 1
        + (interval == 0 ? settings.training().epochs() : rollouts * stepsOfRollout() / interval);
  }

  private int stepsOfRollout() {
    return algorithm.completions()
        / (settings.batchSize() * settings.training().accumulation())
        * algorithm.passes();
  }

  /** Returns the model's end-of-text tokens and the end-of-turn token of a chosen template. */
  private Set<Integer> ends(LoadedModel.SpecialIds ids) {
    Set<Integer> ends = new LinkedHashSet<>(ids.end());
    Optional<ChatTemplate> ended = episodes.isPresent() ? template : settings.chosenTemplate();
    ended
        .flatMap(chosen -> new ChatEncoder(tokenizer, chosen).turnEnd(ChatOptions.defaults()))
        .filter(TemplateMarker::isToken)
        .ifPresent(end -> ends.add(end.ids().get(0)));
    return ends;
  }

  private boolean drawsAhead() {
    return algorithm instanceof Grpo grpo && grpo.rolloutsAhead();
  }

  private RolloutsAhead ahead(Decoder decoder, Adaptation adaptation, LoadedModel.SpecialIds ids) {
    SamplingPolicy policy = SamplingPolicy.of(decoder, adaptation);
    CancellationToken cancellation = new CancellationToken();
    return new RolloutsAhead(
        policy,
        new RolloutDrawing(algorithm, draws(policy.decoder(), ids, cancellation, true)),
        cancellation,
        rolloutsOfRun());
  }

  private Draws draws(
      Decoder decoder, LoadedModel.SpecialIds ids, CancellationToken cancellation, boolean writes) {
    Generator generator = new Generator(decoder, Optional.of(tokenizer), ends(ids));
    return Draws.of(new Sampling(generator, algorithm, episodes, cancellation), algorithm, writes);
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<RolloutBatch>, R> action) {
    Decoder decoder = (Decoder) network;
    TaskModel model = settings.objective().model();
    LoadedModel.SpecialIds ids =
        LoadedModel.specialIds(
            model.config(),
            GenerationDefaults.read(model.folder(), model.config()),
            Optional.of(tokenizer));
    try (RunReward.Open rewards =
            new RunReward.Open(algorithm, new RunReward.Policy(decoder, adaptation, tokenizer));
        RolloutsAhead ahead =
            purpose == Purpose.TRAINING && drawsAhead() ? ahead(decoder, adaptation, ids) : null;
        PolicyTraining training =
            PolicyTraining.start(
                new PolicyTraining.Setup(
                    algorithm,
                    settings.objective().selection(),
                    decoder,
                    adaptation,
                    draws(
                        decoder,
                        ids,
                        new CancellationToken(),
                        purpose == Purpose.TRAINING && ahead == null),
                    Optional.ofNullable(ahead),
                    ids.pad(),
                    new PolicyTraining.Prompts(train, held),
                    settings.batchSize(),
                    settings.training().accumulation(),
                    settings.seed(),
                    () -> (Decoder) model.load(settings.precision(), settings.seed())))) {
      return action.apply(
          new Training<>(
              training.task(),
              training.batches(),
              training.held(),
              training.adaptation(),
              StepHooks.NONE,
              stepsOfRollout()));
    }
  }
}
