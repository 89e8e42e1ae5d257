package io.adapt4j.eval.advise;

import static io.adapt4j.eval.advise.Strategy.FINE_TUNING;
import static io.adapt4j.eval.advise.Strategy.PROMPTING;
import static io.adapt4j.eval.advise.Strategy.RAG;
import static io.adapt4j.eval.advise.Strategy.RAG_AND_FINE_TUNING;

import io.adapt4j.eval.advise.Requirements.Citations;
import io.adapt4j.eval.advise.Requirements.Need;
import io.adapt4j.eval.advise.Requirements.Privacy;
import io.adapt4j.eval.advise.Requirements.Updates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rules about strategies. Rules about training methods are in {@link TuningRules}. */
final class Rules {

  /** Minimum number of examples that a guide advises to start with. */
  static final int FEW_EXAMPLES = 50;

  /** Number of examples in LIMA. */
  static final int MANY_EXAMPLES = 1000;

  /** Size of documents that Anthropic's guide puts into a prompt as a whole. */
  static final long SHORT_DOCUMENTS = 200_000;

  /** Latency below which a long prompt is noticeable: a judgment, not from a source. */
  static final Duration SHORT_LATENCY = Duration.ofMillis(500);

  private static final int OUT = -10;

  private Rules() {}

  static List<Rule> all() {
    List<Rule> all = new ArrayList<>();
    all.addAll(needs());
    all.addAll(material());
    all.addAll(limits());
    all.addAll(tried());
    return List.copyOf(all);
  }

  private static List<Rule> needs() {
    return List.of(
        Rule.when("facts are looked up", s -> s.needs(Need.FACTS))
            .points(RAG, 3)
            .points(RAG_AND_FINE_TUNING, 2)
            .because(
                "the model lacks facts, and looking them up beats training on them",
                Sources.OVADIA),
        Rule.when("facts alone are a poor reason to train", Rules::lacksFactsOnly)
            .points(FINE_TUNING, -2)
            .points(RAG_AND_FINE_TUNING, -2)
            .because(
                "training on facts that the model does not know is slow, and makes it invent"
                    + " others",
                Sources.GEKHMAN),
        Rule.when("facts want many paraphrases", s -> s.needs(Need.FACTS))
            .points(FINE_TUNING, 0)
            .points(RAG_AND_FINE_TUNING, 0)
            .because(
                "if facts are trained on all the same, write each in about ten paraphrases",
                Sources.OVADIA_WORDINGS),
        Rule.when("behavior is trained", s -> s.needs(Need.BEHAVIOR))
            .points(FINE_TUNING, 3)
            .points(RAG_AND_FINE_TUNING, 1)
            .because("tone, reasoning and skills are changed by training", Sources.OPENAI_ACCURACY),
        Rule.when("a format is quickly learned", s -> s.needs(Need.FORMAT))
            .points(PROMPTING, 1)
            .points(FINE_TUNING, 2)
            .points(RAG_AND_FINE_TUNING, 1)
            .because(
                "a form of answers is shown by examples: a few in the prompt, or more in training",
                Sources.LIMA),
        Rule.when("facts and behavior want both", Rules::lacksFactsAndMore)
            .points(RAG_AND_FINE_TUNING, 4)
            .because(
                "facts are looked up and behavior is trained: the two add up", Sources.MICROSOFT),
        Rule.when("a model can learn to read passages", Rules::lacksFactsAndMore)
            .points(RAG_AND_FINE_TUNING, 0)
            .because(
                "train on questions with the passages that retrieval finds, unfit ones among them",
                Sources.ZHANG));
  }

  private static boolean lacksFactsOnly(Requirements requirements) {
    return requirements.needs(Need.FACTS) && requirements.needs().size() == 1;
  }

  private static boolean lacksFactsAndMore(Requirements requirements) {
    return requirements.needs(Need.FACTS) && requirements.needs().size() > 1;
  }

  private static List<Rule> material() {
    return List.of(
        Rule.when("nothing to look up", s -> s.documentTokens() == 0)
            .points(RAG, OUT)
            .points(RAG_AND_FINE_TUNING, OUT)
            .because("there are no documents to look anything up in", Sources.LEWIS),
        Rule.when("documents fit into the prompt", Rules::fitsIntoPrompt)
            .points(PROMPTING, 3)
            .because(
                "all documents fit into the prompt, so nothing need be looked up",
                Sources.ANTHROPIC),
        Rule.when("documents do not fit into the prompt", Rules::exceedsPrompt)
            .points(PROMPTING, -3)
            .because("the documents with the facts do not fit into the prompt", Sources.ANTHROPIC),
        Rule.when("too few examples to train", s -> s.examples() < FEW_EXAMPLES)
            .points(FINE_TUNING, -3)
            .points(RAG_AND_FINE_TUNING, -3)
            .because("there are fewer than 50 examples to train on", Sources.OPENAI_EXAMPLES),
        Rule.when("examples enough to try", s -> s.examples() >= FEW_EXAMPLES)
            .points(FINE_TUNING, 1)
            .points(RAG_AND_FINE_TUNING, 1)
            .because(
                "there are examples enough to see whether training helps", Sources.OPENAI_EXAMPLES),
        Rule.when("examples enough for a style", s -> s.examples() >= MANY_EXAMPLES)
            .points(FINE_TUNING, 1)
            .points(RAG_AND_FINE_TUNING, 1)
            .because("a thousand good examples teach a style", Sources.LIMA));
  }

  private static boolean fitsIntoPrompt(Requirements requirements) {
    return requirements.needs(Need.FACTS)
        && requirements.documentTokens() > 0
        && requirements.documentTokens() <= SHORT_DOCUMENTS
        && requirements.documentTokens() < requirements.contextTokens();
  }

  private static boolean exceedsPrompt(Requirements requirements) {
    return requirements.needs(Need.FACTS)
        && requirements.documentTokens() > 0
        && !fitsIntoPrompt(requirements);
  }

  private static List<Rule> limits() {
    return List.of(
        Rule.when("facts change", s -> changes(s, Updates.MONTHLY))
            .points(RAG, 2)
            .points(RAG_AND_FINE_TUNING, 1)
            .points(FINE_TUNING, -2)
            .because("what changes is replaced in an index without training", Sources.LEWIS),
        Rule.when("facts change faster than training", s -> changes(s, Updates.DAILY))
            .points(RAG, 2)
            .points(RAG_AND_FINE_TUNING, 1)
            .points(FINE_TUNING, -3)
            .because("a model is out of date before it is trained", Sources.OPENAI_ACCURACY),
        Rule.when("citations help", s -> s.citations() != Citations.UNNEEDED)
            .points(RAG, 1)
            .points(RAG_AND_FINE_TUNING, 1)
            .because("passages say where an answer comes from", Sources.LEWIS),
        Rule.when("citations are required", s -> s.citations() == Citations.REQUIRED)
            .points(RAG, 3)
            .points(RAG_AND_FINE_TUNING, 3)
            .points(FINE_TUNING, -4)
            .because("a trained model cannot say where it has an answer from", Sources.LEWIS),
        Rule.when("answers must be quick", Rules::isUrgent)
            .points(PROMPTING, -1)
            .points(FINE_TUNING, 1)
            .because(
                "a trained model needs no long prompt, and a merged LoRA adapter no time of its"
                    + " own",
                Sources.HU),
        Rule.when("trained text can be got out", s -> s.privacy() == Privacy.CONFIDENTIAL)
            .points(FINE_TUNING, -1)
            .points(RAG_AND_FINE_TUNING, -1)
            .because("who has the model can get text out that it was trained on", Sources.CARLINI),
        Rule.when("readers may read different documents", s -> s.privacy() == Privacy.BY_READER)
            .points(FINE_TUNING, -4)
            .points(RAG_AND_FINE_TUNING, -2)
            .points(PROMPTING, -1)
            .because(
                "retrieval can be filtered by reader; what a model was trained on, all can get out",
                Sources.CARLINI),
        Rule.when("no memory to train", Rules::cannotTrain)
            .points(FINE_TUNING, OUT)
            .points(RAG_AND_FINE_TUNING, OUT)
            .because("no way of training fits into the memory at hand", Sources.DETTMERS));
  }

  private static boolean changes(Requirements requirements, Updates atLeast) {
    return requirements.needs(Need.FACTS) && requirements.updates().compareTo(atLeast) >= 0;
  }

  private static boolean isUrgent(Requirements requirements) {
    return requirements.latency().filter(most -> most.compareTo(SHORT_LATENCY) < 0).isPresent();
  }

  private static boolean cannotTrain(Requirements requirements) {
    return Arrays.stream(TuningMethod.values()).noneMatch(requirements::fits);
  }

  private static List<Rule> tried() {
    List<Rule> rules = new ArrayList<>();
    rules.add(
        Rule.when("prompts come first", s -> !s.tried().containsKey(PROMPTING))
            .points(PROMPTING, 4)
            .because(
                "prompts have not been tried: they cost least and give what others are compared"
                    + " with",
                Sources.OPENAI_ACCURACY));
    for (Strategy strategy : Strategy.values()) {
      rules.add(
          Rule.when(strategy.label() + " reached the target", s -> s.reached(strategy))
              .points(strategy, 8)
              .because("it has been tried and is good enough", Sources.MEASURED));
      rules.add(
          Rule.when(strategy.label() + " fell short", s -> s.fellShort(strategy))
              .points(strategy, -3)
              .because("it has been tried and was not good enough", Sources.MEASURED));
    }
    return rules;
  }
}
