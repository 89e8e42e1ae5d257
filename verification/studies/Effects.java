import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.merge.ModelMerge;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Algorithm;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.reinforce.AdvantageEstimator;
import io.adapt4j.core.reinforce.Cispo;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.core.reinforce.Sapo;
import io.adapt4j.core.reinforce.Vespo;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.task.DistillationTask;
import io.adapt4j.core.task.DistillationTask.Alignment;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.LearningRateSchedule;
import io.adapt4j.examples.StoryRewards;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.LoraInit;
import io.adapt4j.lora.Miss;
import io.adapt4j.lora.Oft;
import io.adapt4j.lora.Shira;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures what each method gains over its plain counterpart on the shipped model, over seeds that
 * draw rows, their order and initial values: supervised losses, optimizers, adapter kinds and
 * distillation by their loss on held-out plays and on held-out stories, objectives of reinforcement
 * learning by their reward, merges by their loss on both of the texts that the merged adapters
 * learned. Prints means and the difference to the first row with its 95 % interval.
 *
 * <p>{@code java @verification/target/java.args verification/studies/Effects.java [seeds=3] [short]
 * [only=REGEX]}: run it from the root of the repository; the expression selects groups or ways by
 * name. Where several learning rates are named, another seed and other held-out rows choose.
 */
public final class Effects {

  /** Quantiles of Student's t distribution at 97.5 % for 1, 2, ... degrees of freedom. */
  private static final double[] T = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306};

  private Effects() {}

  /**
   * Runs the study.
   *
   * @param args the options above
   */
  public static void main(String[] args) {
    List<String> options = List.of(args);
    int seeds = Integer.parseInt(value(options, "seeds", "3"));
    String only = value(options, "only", ".*");
    for (EffectGroup group : new EffectRuns(options.contains("short")).groups()) {
      boolean whole = group.name().matches(only);
      List<EffectWay> ways = new ArrayList<>();
      for (EffectWay way : group.ways()) {
        if (whole || way.name().matches(only)) {
          ways.add(way);
        }
      }
      if (ways.isEmpty()) {
        continue;
      }
      if (!ways.contains(group.ways().get(0))) {
        ways.add(0, group.ways().get(0));
      }
      Map<String, List<double[]>> results = new LinkedHashMap<>();
      for (EffectWay way : ways) {
        results.put(way.name(), measure(group, way, seeds));
      }
      print(group, results);
    }
  }

  private static String value(List<String> options, String name, String otherwise) {
    return options.stream()
        .filter(option -> option.startsWith(name + "="))
        .map(option -> option.substring(name.length() + 1))
        .findFirst()
        .orElse(otherwise);
  }

  private static List<double[]> measure(EffectGroup group, EffectWay way, int seeds) {
    double rate = way.rates().get(0);
    double best = Double.POSITIVE_INFINITY;
    for (double candidate : way.rates().size() > 1 ? way.rates() : List.<Double>of()) {
      double[] chosenBy = way.run().measure(EffectRuns.CHOOSING, candidate);
      System.out.printf(
          Locale.ROOT,
          "%s, %s, rate %s, to choose: %s%n",
          group.name(),
          way.name(),
          candidate,
          Arrays.toString(chosenBy));
      double loss = -sign(group.measures().get(0)) * chosenBy[0];
      if (loss < best) {
        best = loss;
        rate = candidate;
      }
    }
    List<double[]> results = new ArrayList<>();
    for (int seed = 1; seed <= seeds; seed++) {
      results.add(way.run().measure(seed, rate));
      System.out.printf(
          Locale.ROOT,
          "%s, %s, rate %s, seed %d: %s%n",
          group.name(),
          way.name(),
          rate,
          seed,
          Arrays.toString(results.get(seed - 1)));
    }
    return results;
  }

  private static void print(EffectGroup group, Map<String, List<double[]>> results) {
    System.out.printf("%n### %s%n%n| way |", group.name());
    group.measures().forEach(measure -> System.out.printf(" %s | better by |", measure));
    System.out.println("\n| --- |" + " --- | --- |".repeat(group.measures().size()));
    List<double[]> plain = results.values().iterator().next();
    results.forEach(
        (way, values) -> {
          System.out.printf("| %s |", way);
          for (int i = 0; i < group.measures().size(); i++) {
            int measure = i;
            double sign = sign(group.measures().get(i));
            List<Double> gains =
                IntStream.range(0, values.size())
                    .mapToObj(s -> sign * (values.get(s)[measure] - plain.get(s)[measure]))
                    .toList();
            double mean =
                values.stream().mapToDouble(value -> value[measure]).average().orElseThrow();
            System.out.printf(
                Locale.ROOT, " %.3f | %s |", mean, values == plain ? "" : interval(gains));
          }
          System.out.println();
        });
    System.out.println();
  }

  /** Returns 1 for a measure that is better higher, -1 for a loss. */
  private static int sign(String measure) {
    return measure.equals(EffectRuns.REWARD) ? 1 : -1;
  }

  private static String interval(List<Double> values) {
    double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    int freedom = values.size() - 1;
    if (freedom < 1 || freedom > T.length) {
      return String.format(Locale.ROOT, "%.3f", mean);
    }
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    double half = T[freedom - 1] * Math.sqrt(squares / freedom / values.size());
    return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", mean, mean - half, mean + half);
  }
}

/** Ways that are compared by the same measures; the first one is the plain one. */
record EffectGroup(String name, List<String> measures, List<EffectWay> ways) {}

/** A way to train, with the learning rates to choose from. */
record EffectWay(String name, List<Double> rates, Run run) {

  /** Training by a seed, and its measures; rates are chosen by the first one. */
  @FunctionalInterface
  interface Run {
    double[] measure(int seed, double rate);
  }
}

/** The compared ways, on the children's story model. */
final class EffectRuns {

  static final String REWARD = "reward";

  /** Seed of the runs that choose a learning rate or a factor; it has other held-out rows. */
  static final int CHOOSING = 0;

  private static final List<String> LOSSES = List.of("plays", "stories");
  private static final List<Double> FULL_RATE = List.of(1e-3);
  private static final List<Double> LOSS_RATES = List.of(1e-3, 3e-3);
  private static final List<Double> ADAPTER_RATES = List.of(5e-3, 1.5e-2);
  private static final List<Double> POLICY_RATES = List.of(1e-3, 3e-3);
  private static final List<Double> MERGE_FACTORS = List.of(0.6, 1.0, 1.4, 2.0);
  private static final int CHARACTERS = 300;
  private static final int HELD_OUT = 50;
  private static final int ANSWER = 48;

  /** The pieces of articles are 94. */
  private static final int ARTICLES = 54;

  private static final int HELD_OUT_ARTICLES = 20;

  private final Path examples = Path.of("examples");
  private final Path base = examples.resolve("models/stories260K");
  private final Path otherTokens = Path.of("../shared/data/stories3M");
  private final Path output = Path.of("runs/effects");
  private final int rows;
  private final int epochs;
  private final int prompts;
  private final int completions;
  private final Map<Integer, List<Path>> experts = new LinkedHashMap<>();
  private Split beginnings;

  EffectRuns(boolean isShort) {
    rows = isShort ? 40 : 120;
    epochs = isShort ? 2 : 3;
    prompts = isShort ? 8 : 48;
    completions = isShort ? 1 : 3;
  }

  List<EffectGroup> groups() {
    List<EffectGroup> groups = new ArrayList<>();
    groups.addAll(List.of(losses(), optimizers(), adapters(), distillation()));
    if (Files.exists(otherTokens)) {
      groups.add(otherTokenizer());
    }
    groups.addAll(List.of(objectives(), merges()));
    return groups;
  }

  private EffectGroup losses() {
    return new EffectGroup(
        "supervised losses",
        LOSSES,
        List.of(
            next("cross-entropy", LOSS_RATES, tuner -> tuner),
            next("DFT", FULL_RATE, tuner -> tuner.task(Task.nextTokens().dynamicFineTuning())),
            next(
                "label smoothing 0.1",
                FULL_RATE,
                tuner -> tuner.task(Task.nextTokens().labelSmoothing(0.1))),
            next("z-loss 1e-3", FULL_RATE, tuner -> tuner.task(Task.nextTokens().zLoss(1e-3))),
            next("NEFTune 5", LOSS_RATES, tuner -> tuner.neftune(5))));
  }

  private EffectGroup optimizers() {
    List<Double> rates = List.of(1e-3, 5e-3);
    return new EffectGroup(
        "optimizers",
        LOSSES,
        List.of(
            optimizer("AdamW", rates, Optimizer.adamW()),
            optimizer("Muon", rates, Optimizer.muon()),
            optimizer("schedule-free AdamW", rates, Optimizer.scheduleFreeAdamW()),
            optimizer("GaLore, rank 16", rates, Optimizer.galore(16)),
            optimizer("APOLLO, rank 16", rates, Optimizer.apollo(16)),
            optimizer("Lion", List.of(2e-4, 1e-3), Optimizer.lion())));
  }

  private EffectWay optimizer(String name, List<Double> rates, Optimizer optimizer) {
    return next(name, rates, tuner -> tuner.optimizer(optimizer));
  }

  private EffectGroup adapters() {
    return new EffectGroup(
        "adapter kinds",
        LOSSES,
        List.of(
            adapter("LoRA, rank 8", List.of(1.5e-3, 5e-3, 1.5e-2), Lora.rank(8)),
            adapter("rsLoRA, rank 32", ADAPTER_RATES, Lora.rank(32).alpha(32).rankStabilized()),
            adapter("DoRA, rank 8", ADAPTER_RATES, Lora.rank(8).dora()),
            adapter(
                "EVA, rank 8",
                List.of(1.5e-3, 5e-3, 1.5e-2),
                Lora.rank(8).initialize(LoraInit.eva())),
            adapter("MiSS, rank 16", ADAPTER_RATES, Miss.rank(16)),
            adapter("SHiRA, rank 8", ADAPTER_RATES, Shira.rank(8)),
            adapter("OFT, blocks of 32", List.of(5e-4, 1.5e-3, 5e-3, 1.5e-2), Oft.blockSize(32)),
            adapter("(IA)3", List.of(1.5e-2, 5e-2, 1.5e-1), Ia3.create()),
            next("full fine-tuning", List.of(1e-3, 3e-3), tuner -> tuner)));
  }

  private EffectWay adapter(String name, List<Double> rates, FineTuningMethod method) {
    return next(name, rates, tuner -> tuner.method(method));
  }

  /** Returns full fine-tuning on plays with a change. */
  private EffectWay next(String name, List<Double> rates, UnaryOperator<FineTuner.Builder> change) {
    return new EffectWay(
        name, rates, (seed, rate) -> trained(seed, rate, plays(seed), change, name));
  }

  private double[] trained(
      int seed, double rate, Dataset data, UnaryOperator<FineTuner.Builder> change, String name) {
    return losses(seed, train(seed, rate, data, change, name));
  }

  private Path train(
      int seed, double rate, Dataset data, UnaryOperator<FineTuner.Builder> change, String name) {
    FineTuner.Builder tuner =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .dataset(data)
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .epochs(epochs)
            .batchSize(8)
            .maxLength(128)
            .learningRate(rate)
            .schedule(LearningRateSchedule.CONSTANT)
            .weightDecay(0)
            .saveLimit(0)
            .seed(seed)
            .output(output.resolve(name.replaceAll("[^A-Za-z0-9.]+", "-")))
            .overwriteOutput();
    return change.apply(tuner).build().run().last();
  }

  /** A teacher that knows all plays, and a student that has few of them. */
  private EffectGroup distillation() {
    Path teacher = output.resolve("teacher");
    List<EffectWay> ways = new ArrayList<>();
    ways.add(distilled("few rows, no teacher", teacher, Task.nextTokens()));
    ways.add(distilled("forward KL", teacher, Task.distillation(teacher).beta(0)));
    ways.add(distilled("reverse KL", teacher, Task.distillation(teacher).beta(1)));
    ways.add(distilled("JSD", teacher, Task.distillation(teacher)));
    ways.add(
        distilled(
            "forward KL, stored top 20",
            teacher,
            Task.distillation(teacher).beta(0).stored(output.resolve("top.safetensors"), 20)));
    ways.add(
        distilled(
            "GKD, half on-policy", teacher, Task.distillation(teacher).onPolicy(0.5, ANSWER)));
    ways.add(distilled("MiniLLM", teacher, Task.distillation(teacher).miniLlm(0.9, ANSWER)));
    ways.add(distilled("self-distillation", teacher, Task.selfDistillation().onPolicy(1, ANSWER)));
    return new EffectGroup("distillation", LOSSES, List.copyOf(ways));
  }

  /** A teacher of 4096 other tokens that knows all plays; its model is not shipped. */
  private EffectGroup otherTokenizer() {
    Path teacher = output.resolve("teacher of other tokens");
    DistillationTask aligned = Task.distillation(teacher).alignTokenizers();
    Alignment both = Alignment.create().crossEntropy(1);
    Alignment gold = Alignment.create().wholeTexts(false);
    DistillationTask kl = aligned.beta(0);
    Map<String, Task> tasks = new LinkedHashMap<>();
    tasks.put("few rows without a teacher", Task.nextTokens());
    tasks.put("aligned forward KL", kl);
    tasks.put("aligned JSD", aligned);
    tasks.put("forward KL and cross-entropy", kl.alignTokenizers(both));
    tasks.put("forward KL, matched 1, and cross-entropy", kl.alignTokenizers(both.hybrid(1, 0)));
    tasks.put(
        "forward KL as in GOLD, matched 1, and cross-entropy",
        kl.alignTokenizers(gold.crossEntropy(1).hybrid(1, 0)));
    tasks.put("forward KL as in GOLD", kl.alignTokenizers(gold));
    tasks.put("forward KL as in GOLD and cross-entropy", kl.alignTokenizers(gold.crossEntropy(1)));
    tasks.put("sorted distance and cross-entropy", aligned.alignTokenizers(both.sorted()));
    List<EffectWay> ways = new ArrayList<>();
    tasks.forEach((name, task) -> ways.add(distilled(name, otherTokens, teacher, task)));
    return new EffectGroup("distillation across tokenizers", LOSSES, List.copyOf(ways));
  }

  private EffectWay distilled(String name, Path teacher, Task task) {
    return distilled(name, base, teacher, task);
  }

  private EffectWay distilled(String name, Path untaught, Path teacher, Task task) {
    return new EffectWay(
        name,
        FULL_RATE,
        (seed, rate) -> {
          if (!Files.exists(teacher.resolve("config.json"))) {
            copy(
                train(
                    1,
                    1e-3,
                    passages(0, 600),
                    tuner -> tuner.model(ModelSource.path(untaught)).epochs(3),
                    "teacher training"),
                teacher);
          }
          delete(output.resolve("top.safetensors"));
          return trained(seed, rate, halves(seed), tuner -> tuner.task(task), name);
        });
  }

  /** Returns half of the drawn plays, each passage as its first half and the rest. */
  private Dataset halves(int seed) {
    List<Example> pairs = new ArrayList<>();
    Dataset drawn = plays(seed);
    for (int row = 0; row < drawn.size() / 2; row++) {
      String text = ((Example.Text) drawn.get(row)).text();
      int middle = text.indexOf(' ', text.length() / 3);
      if (middle > 0) {
        pairs.add(new Example.PromptCompletion(text.substring(0, middle), text.substring(middle)));
      }
    }
    return Datasets.of(pairs);
  }

  /** Rewards for stories that mention three given things, in two passes over each rollout. */
  private EffectGroup objectives() {
    return new EffectGroup(
        "objectives of reinforcement learning",
        List.of(REWARD, "stories"),
        List.of(
            policy("GRPO", grpo -> grpo.normalization(LossNormalization.GRPO)),
            policy(
                "GRPO, rollouts ahead",
                grpo -> grpo.normalization(LossNormalization.GRPO).rolloutsAhead()),
            policy(
                "Dr. GRPO",
                grpo ->
                    grpo.advantages(AdvantageEstimator.CENTERED)
                        .normalization(LossNormalization.DR_GRPO)),
            policy("DAPO", grpo -> grpo.clip(0.2, 0.28).dynamicSampling(3)),
            policy("CISPO", grpo -> grpo.objective(new Cispo(Cispo.LIMIT))),
            policy(
                "SAPO",
                grpo ->
                    grpo.objective(new Sapo(Sapo.POSITIVE, Sapo.NEGATIVE))
                        .normalization(LossNormalization.GRPO)),
            policy("VESPO", grpo -> grpo.objective(new Vespo())),
            policy(
                "GSPO",
                grpo ->
                    grpo.sequenceRatios().clip(3e-2, 4e-2).normalization(LossNormalization.GRPO)),
            policy(
                "LUSPO",
                grpo ->
                    grpo.sequenceRatios()
                        .clip(3e-2, 4e-2)
                        .normalization(LossNormalization.LUSPO))));
  }

  private Split beginnings() {
    if (beginnings == null) {
      beginnings = StoryRewards.prompts(output.resolve("prompts"));
    }
    return beginnings;
  }

  private EffectWay policy(String name, UnaryOperator<Grpo.Builder> change) {
    return new EffectWay(
        name,
        POLICY_RATES,
        (seed, rate) -> {
          Grpo.Builder grpo =
              Grpo.builder()
                  .reward("words", StoryRewards::words)
                  .promptsPerRollout(8)
                  .groupSize(8)
                  .maxNewTokens(ANSWER)
                  .passes(2)
                  .klCoefficient(0.02);
          Path adapter =
              train(
                  seed,
                  rate,
                  beginnings().train().take(prompts),
                  tuner ->
                      tuner
                          .task(Task.reinforcement(change.apply(grpo).build()))
                          .method(Lora.rank(16))
                          .batchSize(16)
                          .gradientAccumulation(2)
                          .epochs(1),
                  name);
          return new double[] {reward(seed, adapter), losses(seed, adapter)[1]};
        });
  }

  /** Returns the mean reward of sampled stories for prompts that were not trained on. */
  private double reward(int seed, Path adapter) {
    Dataset unused = beginnings().train();
    Dataset held =
        seed == CHOOSING
            ? unused.subset(IntStream.range(prompts, unused.size()).toArray())
            : beginnings().validation();
    List<Example.Text> rewarded = new ArrayList<>();
    for (int copy = 0; copy < completions; copy++) {
      IntStream.range(0, held.size()).forEach(row -> rewarded.add((Example.Text) held.get(row)));
    }
    GenerationOptions sampled =
        GenerationOptions.builder().maxNewTokens(ANSWER).temperature(1).seed(7).build();
    try (LanguageModel model = load(adapter)) {
      List<String> told =
          model.generateAll(rewarded.stream().map(Example.Text::text).toList(), sampled).stream()
              .map(generation -> generation.text())
              .toList();
      return IntStream.range(0, told.size())
          .mapToDouble(
              i -> {
                Example.Text row = rewarded.get(i);
                return StoryRewards.words(
                    row.text(), told.get(i), Map.of("words", wanted(row.text())));
              })
          .average()
          .orElseThrow();
    }
  }

  /** Returns the three things of a prompt such as "She had a hat, a car and a cake." */
  private static String wanted(String prompt) {
    return prompt.replaceFirst(".* had a (\\w+), a (\\w+) and a (\\w+).*", "$1 $2 $3");
  }

  /** Merges of an adapter that learned plays and one that learned articles. */
  private EffectGroup merges() {
    List<EffectWay> ways = new ArrayList<>();
    ways.add(
        new EffectWay(
            "the better adapter alone",
            List.of(0.0),
            (seed, rate) ->
                experts(seed).stream()
                    .map(expert -> both(seed, expert))
                    .min((a, b) -> Double.compare(a[0], b[0]))
                    .orElseThrow()));
    ways.add(
        new EffectWay(
            "one adapter trained on both",
            List.of(5e-3),
            (seed, rate) ->
                both(
                    seed,
                    train(
                        seed,
                        rate,
                        Datasets.concat(List.of(plays(seed), articles(0, ARTICLES))),
                        tuner -> tuner.method(Lora.rank(8)),
                        "both"))));
    ways.add(merge("linear, halves", MergeMethod.mergekit(Algorithm.LINEAR), List.of(1.0)));
    ways.add(slerp());
    ways.add(
        merge("task arithmetic", MergeMethod.mergekit(Algorithm.TASK_ARITHMETIC), MERGE_FACTORS));
    ways.add(
        merge(
            "TIES, density 0.5", MergeMethod.mergekit(Algorithm.TIES).density(0.5), MERGE_FACTORS));
    ways.add(
        merge(
            "DARE, density 0.5",
            MergeMethod.mergekit(Algorithm.DARE_LINEAR).density(0.5),
            MERGE_FACTORS));
    return new EffectGroup("merges", List.of("mean of both", "plays", "articles"), ways);
  }

  /** Weighs both adapters by a half; the rate is the factor of the merged difference. */
  private EffectWay merge(String name, MergeMethod method, List<Double> factors) {
    return new EffectWay(
        name,
        factors,
        (seed, factor) -> {
          ModelMerge merge = ModelMerge.of(method.lambda(factor)).seed(seed);
          if (method.algorithm() != Algorithm.LINEAR) {
            merge = merge.base(base);
          }
          for (Path expert : experts(seed)) {
            merge = merge.and(base, LoraAdapter.at(expert), 0.5);
          }
          return written(seed, merge);
        });
  }

  /** SLERP lies between two models, the first of which is its base. */
  private EffectWay slerp() {
    return new EffectWay(
        "SLERP",
        List.of(1.0),
        (seed, rate) -> {
          Path first = output.resolve("first");
          ModelMerge.of(MergeMethod.mergekit(Algorithm.LINEAR))
              .and(base, LoraAdapter.at(experts(seed).get(0)), rate)
              .write(first);
          return written(
              seed,
              ModelMerge.of(MergeMethod.mergekit(Algorithm.SLERP).t(0.5))
                  .base(first)
                  .and(base, LoraAdapter.at(experts(seed).get(1)), rate));
        });
  }

  private double[] written(int seed, ModelMerge merge) {
    Path merged = output.resolve("merged");
    merge.write(merged);
    return both(seed, merged);
  }

  private List<Path> experts(int seed) {
    return experts.computeIfAbsent(
        seed,
        number ->
            List.of(
                train(
                    number,
                    5e-3,
                    plays(number),
                    tuner -> tuner.method(Lora.rank(8)),
                    "plays " + number),
                train(
                    number,
                    5e-3,
                    articles(0, ARTICLES),
                    tuner -> tuner.method(Lora.rank(8)),
                    "articles " + number)));
  }

  private double[] both(int seed, Path checkpoint) {
    boolean chooses = seed == CHOOSING;
    int end = chooses ? 1000 - HELD_OUT : 1000;
    int start = chooses ? ARTICLES : ARTICLES + HELD_OUT_ARTICLES;
    try (LanguageModel model = load(checkpoint)) {
      double plays = loss(model, passages(end - HELD_OUT, end));
      double articles = loss(model, articles(start, start + HELD_OUT_ARTICLES));
      return new double[] {(plays + articles) / 2, plays, articles};
    }
  }

  /** Returns pieces of encyclopedia articles, shuffled. */
  private Dataset articles(int from, int to) {
    List<Example> pieces = new ArrayList<>();
    try (Stream<Path> files = Files.list(examples.resolve("data/squad/documents"))) {
      for (Path file : files.sorted().toList()) {
        String text = Files.readString(file);
        for (int at = 0; at + CHARACTERS <= text.length(); at += CHARACTERS) {
          pieces.add(new Example.Text(text.substring(at, at + CHARACTERS)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Collections.shuffle(pieces, new Random(1));
    return Datasets.of(pieces.subList(from, to));
  }

  /** Returns the losses on plays and on stories, neither of which was trained on. */
  private double[] losses(int seed, Path checkpoint) {
    int end = seed == CHOOSING ? 1000 - HELD_OUT : 1000;
    try (LanguageModel model = load(checkpoint)) {
      return new double[] {
        loss(model, passages(end - HELD_OUT, end)),
        loss(model, Datasets.jsonl(examples.resolve("data/tinystories/heldout.jsonl")).take(25))
      };
    }
  }

  private LanguageModel load(Path checkpoint) {
    return Files.exists(checkpoint.resolve("adapter_config.json"))
        ? LanguageModel.load(ModelSource.path(base), Precision.FP32, Adapter.at(checkpoint))
        : LanguageModel.load(ModelSource.path(checkpoint), Precision.FP32);
  }

  private static double loss(LanguageModel model, Dataset data) {
    List<ScoringRequest> requests =
        IntStream.range(0, data.size())
            .mapToObj(row -> ((Example.Text) data.get(row)).text())
            .map(text -> text.substring(0, Math.min(CHARACTERS, text.length())))
            .map(text -> new ScoringRequest("", text))
            .toList();
    List<TokenScores> scores = model.scoreAll(requests);
    double sum = scores.stream().mapToDouble(TokenScores::sum).sum();
    return -sum / scores.stream().mapToInt(score -> score.tokenIds().size()).sum();
  }

  /** Returns passages drawn by the seed; the last ones are held out. */
  private Dataset plays(int seed) {
    List<Integer> numbers =
        new ArrayList<>(IntStream.range(0, 1000 - 2 * HELD_OUT).boxed().toList());
    Collections.shuffle(numbers, new Random(seed));
    return Datasets.jsonl(examples.resolve("data/shakespeare/passages.jsonl"))
        .subset(numbers.stream().limit(rows).mapToInt(Integer::intValue).toArray());
  }

  private Dataset passages(int from, int to) {
    return Datasets.jsonl(examples.resolve("data/shakespeare/passages.jsonl"))
        .subset(IntStream.range(from, to).toArray());
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.list(from)) {
      Files.createDirectories(to);
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
