package io.adapt4j.eval.advise;

import static io.adapt4j.eval.advise.TuningMethod.FULL;
import static io.adapt4j.eval.advise.TuningMethod.LORA;
import static io.adapt4j.eval.advise.TuningMethod.PREFERENCE;
import static io.adapt4j.eval.advise.TuningMethod.QLORA;

import io.adapt4j.eval.advise.Requirements.Need;
import java.util.ArrayList;
import java.util.List;

/** Rules about training methods. */
final class TuningRules {

  private static final int OUT = -10;

  private static final Source PLANNER =
      new Source(
          "Adapt4J, docs/engine.md, Numbers",
          "what trains is held in fp32 with its gradient and two moments, 16 bytes a parameter;"
              + " frozen weights take 2 in bf16");

  private TuningRules() {}

  static List<Rule> all() {
    List<Rule> all = new ArrayList<>();
    all.add(
        Rule.when("LoRA is the usual choice", s -> true)
            .points(LORA, 2)
            .because("it trains little, takes little memory and answers as fast", Sources.HU));
    all.add(
        Rule.when("4 bits save memory", s -> !s.fits(LORA) && s.fits(QLORA))
            .points(QLORA, 4)
            .because("the model fits into the memory at hand in 4 bits only", Sources.DETTMERS));
    all.add(
        Rule.when("much to learn wants all weights", TuningRules::hasMuchToLearn)
            .points(FULL, 3)
            .because(
                "facts or a skill from much data are more than a small adapter takes up",
                Sources.BIDERMAN_LEARNS));
    all.add(
        Rule.when("adapters forget less", Requirements::keepsAbilities)
            .points(LORA, 2)
            .points(QLORA, 2)
            .because("the model must keep what it can do", Sources.BIDERMAN_FORGETS));
    all.add(
        Rule.when("pairs teach what is a matter of taste", TuningRules::hasTaste)
            .points(PREFERENCE, 5)
            .because(
                "pairs of answers tell better from worse where no answer is simply right",
                Sources.RAFAILOV));
    all.add(
        Rule.when("examples before pairs", s -> hasTaste(s) && s.examples() >= Rules.FEW_EXAMPLES)
            .points(PREFERENCE, 0)
            .because("train on the examples first, then on the pairs", Sources.OPENAI_PREFERENCE));
    all.add(
        Rule.when("no pairs", s -> s.preferencePairs() == 0)
            .points(PREFERENCE, OUT)
            .because("there are no pairs of answers to train on", Sources.RAFAILOV));
    for (TuningMethod method : TuningMethod.values()) {
      all.add(
          Rule.when(method.label() + " does not fit", s -> !s.fits(method))
              .points(method, OUT)
              .because("it needs more memory than there is", PLANNER));
    }
    return List.copyOf(all);
  }

  private static boolean hasMuchToLearn(Requirements requirements) {
    boolean much =
        requirements.needs(Need.FACTS)
            || (requirements.needs(Need.BEHAVIOR)
                && requirements.examples() >= 10 * Rules.MANY_EXAMPLES);
    return much && requirements.fits(FULL);
  }

  private static boolean hasTaste(Requirements requirements) {
    return requirements.preferencePairs() > 0 && requirements.needs(Need.BEHAVIOR);
  }
}
