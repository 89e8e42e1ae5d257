package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.plan.RolloutPlan;
import io.adapt4j.core.chat.ChatEncoder;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.chat.TemplateMarker;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepTimer;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.reinforce.PolicyTraining;
import io.adapt4j.core.reinforce.PromptRows;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.RolloutOptions;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.TrainingResult;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** A run that trains a decoder on rewards of its own completions. */
final class PolicyRun implements TaskRun {

  private final FineTuneSettings settings;
  private final Reinforcement algorithm;
  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final PromptRows train;
  private final Optional<PromptRows> held;
  private final RunParts parts;

  private PolicyRun(
      FineTuneSettings settings,
      Reinforcement algorithm,
      Tokenizer tokenizer,
      Optional<ChatTemplate> template,
      PromptRows train,
      Optional<PromptRows> held) {
    this.settings = settings;
    this.algorithm = algorithm;
    this.tokenizer = tokenizer;
    this.template = template.filter(any -> train.usesTemplate());
    this.train = train;
    this.held = held;
    this.parts =
        new RunParts(settings, train.report(), held.map(PromptRows::report), maxLength(settings));
  }

  private static int maxLength(FineTuneSettings settings) {
    return settings.lengthLimit();
  }

  static PolicyRun prepare(
      FineTuneSettings settings, Reinforcement algorithm, Tokenizer tokenizer) {
    int maxLength = maxLength(settings);
    int most = maxLength - algorithm.rollout().maxNewTokens();
    if (most < 1) {
      throw new FineTuneException(
          List.of(
              "maxLength "
                  + maxLength
                  + " leaves no room for a prompt beside maxNewTokens "
                  + algorithm.rollout().maxNewTokens()
                  + "; lower maxNewTokens"));
    }
    Optional<ChatTemplate> template = settings.chatTemplate();
    PromptRows.Encoding encoding = new PromptRows.Encoding(tokenizer, template, most);
    try {
      PromptRows train = rows(settings.train(), encoding);
      Optional<PromptRows> held = settings.validation().map(data -> rows(data, encoding));
      RunRepeat.requireSameData(settings, train.report(), held.map(PromptRows::report));
      return new PolicyRun(settings, algorithm, tokenizer, template, train, held);
    } catch (DatasetException e) {
      throw new FineTuneException(List.of(e.getMessage()));
    }
  }

  private static PromptRows rows(Dataset data, PromptRows.Encoding encoding) {
    PromptRows rows = PromptRows.of(data, encoding);
    if (rows.report().kept() == 0) {
      throw new FineTuneException(
          List.of(
              data.name()
                  + ": each of its "
                  + rows.report().rows()
                  + " prompts is longer than "
                  + encoding.most()
                  + " tokens, which is what maxLength less maxNewTokens leaves. Shorten them, or"
                  + " raise maxLength."));
    }
    return rows;
  }

  @Override
  public FineTunePlan plan(Network declared) {
    RolloutOptions rollout = algorithm.rollout();
    return parts
        .plan(declared, batches())
        .with(
            new RolloutPlan(
                train.report().kept(),
                Math.multiplyExact(rollouts(), rollout.completions()),
                rollout.groupSize(),
                rollout.maxNewTokens(),
                rollout.passes()));
  }

  private int rollouts() {
    int prompts = algorithm.rollout().prompts();
    return (train.report().kept() + prompts - 1) / prompts;
  }

  /** Micro-batches of an epoch. */
  private int batches() {
    RolloutOptions rollout = algorithm.rollout();
    return rollouts() * (rollout.completions() / settings.batchSize()) * rollout.passes();
  }

  @Override
  public TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    return with(
        network,
        adaptation,
        training ->
            parts
                .trainer(
                    training.task(),
                    training.adaptation(),
                    training.batches(),
                    training.held(),
                    List.of(),
                    template,
                    stopRequested)
                .stepsTogether(stepsOfRollout())
                .run(parts.start(network, plan)));
  }

  @Override
  public LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep) {
    return with(
        network,
        adaptation,
        training ->
            parts.sweep(
                training.task(), training.adaptation(), training.batches(), StepHooks.NONE, sweep));
  }

  @Override
  public TimedSteps timed(Network network, Adaptation adaptation, int steps) {
    return with(
        network,
        adaptation,
        training ->
            new StepTimer<>(
                    training.task(),
                    training.adaptation(),
                    settings.training(),
                    training.batches(),
                    training.held())
                .measureWithBatches(steps, stepsOfRollout()));
  }

  @Override
  public Forecast forecast(Network declared, Device device) {
    int longest =
        Math.max(train.report().longest(), held.map(one -> one.report().longest()).orElse(0));
    RolloutOptions rollout = algorithm.rollout();
    return parts.forecast(
        declared,
        longest + rollout.maxNewTokens(),
        settings.batchSize(),
        planner -> withRollouts(planner, (Decoder) declared, longest),
        device);
  }

  /** What a rollout needs: keys and values, rewards, and a second network where the base trains. */
  private Planner withRollouts(Planner planner, Decoder declared, int longest) {
    RolloutOptions rollout = algorithm.rollout();
    int side = Math.min(rollout.generationBatch(), rollout.completions());
    Planner all =
        planner
            .generating(side, longest, rollout.maxNewTokens())
            .lasting(learning(), forwards(side))
            .ofLengths(Math.min(train.report().kept(), longest));
    if (algorithm.usesReference() && settings.method() instanceof FullFineTuning) {
      all = all.beside(MemoryNames.REFERENCE, declared);
    }
    for (RunReward reward : RunReward.in(algorithm)) {
      all = reward.beside(all, declared);
    }
    return all;
  }

  private long rolloutsOfRun() {
    long rollouts = (long) rollouts() * settings.training().epochs();
    int most = settings.training().maxSteps();
    return most == 0
        ? rollouts
        : Math.min(rollouts, (most + stepsOfRollout() - 1) / Math.max(1, stepsOfRollout()));
  }

  /** Micro-batches of the whole run. */
  private long learning() {
    RolloutOptions rollout = algorithm.rollout();
    return rolloutsOfRun() * (rollout.completions() / settings.batchSize()) * rollout.passes();
  }

  /** Passes of the whole run that draw tokens or score them, evaluations included. */
  private long forwards(int side) {
    RolloutOptions rollout = algorithm.rollout();
    long batch = settings.batchSize();
    long all = rollout.completions();
    long ofRollout = parts(all, side) * rollout.maxNewTokens() + 2 * parts(all, batch);
    long kept = held.map(one -> one.report().kept()).orElse(0);
    long evaluating =
        parts(kept, rollout.generationBatch()) * rollout.maxNewTokens() + 2 * parts(kept, batch);
    return rolloutsOfRun() * ofRollout + evaluations(rolloutsOfRun()) * evaluating;
  }

  private static long parts(long whole, long part) {
    return (whole + part - 1) / part;
  }

  /** One before the first step, and one at each interval. */
  private long evaluations(long rollouts) {
    int interval = settings.training().evaluationInterval();
    return 1
        + (interval == 0 ? settings.training().epochs() : rollouts * stepsOfRollout() / interval);
  }

  private int stepsOfRollout() {
    return algorithm.rollout().completions()
        / (settings.batchSize() * settings.training().accumulation())
        * algorithm.rollout().passes();
  }

  /** The model's tokens that end a text, and the one with which a chosen template ends a turn. */
  private Set<Integer> ends(LoadedModel.SpecialIds ids) {
    Set<Integer> ends = new LinkedHashSet<>(ids.end());
    settings
        .chosenTemplate()
        .flatMap(chosen -> new ChatEncoder(tokenizer, chosen).turnEnd(ChatOptions.defaults()))
        .filter(TemplateMarker::isToken)
        .ifPresent(end -> ends.add(end.ids().get(0)));
    return ends;
  }

  /** Does something with the parts of the run in memory. */
  private <T> T with(Network network, Adaptation adaptation, Function<PolicyTraining, T> action) {
    Decoder decoder = (Decoder) network;
    TaskModel model = settings.objective().model();
    LoadedModel.SpecialIds ids =
        LoadedModel.specialIds(
            model.config(),
            GenerationDefaults.read(model.folder(), model.config()),
            Optional.of(tokenizer));
    Generator generator = new Generator(decoder, Optional.of(tokenizer), ends(ids), ids.pad());
    try (RunReward.Open rewards =
            new RunReward.Open(algorithm, new RunReward.Policy(decoder, adaptation, tokenizer));
        PolicyTraining training =
            PolicyTraining.start(
                new PolicyTraining.Setup(
                    algorithm,
                    settings.objective().selection(),
                    decoder,
                    adaptation,
                    generator,
                    ids.pad(),
                    train,
                    held,
                    settings.batchSize(),
                    settings.training().accumulation(),
                    settings.seed(),
                    () -> (Decoder) model.load(settings.precision(), settings.seed())))) {
      return action.apply(training);
    }
  }
}
