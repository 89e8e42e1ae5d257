package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.ClampedMlp;
import io.adapt4j.core.internal.nn.mlp.ExpertMlp;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.IdentityMlp;
import io.adapt4j.core.internal.nn.mlp.JoinedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.mlp.ProjectedExperts;
import io.adapt4j.core.internal.nn.mlp.Router;
import io.adapt4j.core.internal.nn.mlp.ScaledMlp;
import io.adapt4j.core.internal.nn.mlp.SparseGatedMlp;
import io.adapt4j.core.internal.nn.mlp.XieluMlp;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.StepWriter.Branch;
import io.adapt4j.kernels.internal.cpu.ExpertProgram;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import io.adapt4j.kernels.internal.cpu.StreamProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Emits feed-forward layers, including mixtures of experts. */
final class StepMlps {

  private final StepProgram program;
  private final StepWriter writer;

  StepMlps(StepWriter writer) {
    this.program = writer.program();
    this.writer = writer;
  }

  /** Emits a layer. */
  void mlp(Mlp mlp, int x, Branch branch) {
    if (mlp instanceof ExpertMlp mixture) {
      mixture(mixture, x, branch);
    } else if (mlp instanceof JoinedMlp joined) {
      joined(joined, x, branch);
    } else if (mlp instanceof ProjectedExperts projected) {
      projected(projected, x, branch);
    } else {
      double factor = mlp instanceof ScaledMlp scaled ? scaled.factor() : 1;
      writer.branch(down(mlp), inner(mlp, x), branch.times(factor));
    }
  }

  /** Emits a layer up to its last projection and returns the buffer that this one reads. */
  private int inner(Mlp mlp, int x) {
    LinearSlot up = up(mlp);
    int wide = writer.shared("wide", up.linear().outFeatures());
    writer.linear(up, x, wide, 1, false);
    int inner = writer.shared("inner", down(mlp).linear().inFeatures());
    activate(mlp, wide, inner);
    return inner;
  }

  private void activate(Mlp mlp, int wide, int inner) {
    if (mlp instanceof GatedMlp gated) {
      program.activate(gated.activation().kind(), wide, inner, 1, true);
    } else if (mlp instanceof PlainMlp plain) {
      program.activate(plain.activation().kind(), wide, inner, 1, false);
    } else if (mlp instanceof ClampedMlp clamped && !clamped.halves()) {
      program.clampedGated(wide, inner, (float) clamped.alpha(), (float) clamped.limit());
    } else if (mlp instanceof XieluMlp learned) {
      float above = softplus(learned.above());
      program.learned(wide, inner, above, softplus(learned.below()) + 0.5f);
    } else if (mlp instanceof SparseGatedMlp sparse) {
      long width = sparse.mlp().gateUp().linear().outFeatures() / 2;
      try (StreamProgram gates = new StreamProgram(program)) {
        gates.above(wide, width, StreamOps.quantile(sparse.share()));
      }
      activate(sparse.mlp(), wide, inner);
    } else if (mlp instanceof ScaledMlp scaled) {
      if (scaled.gateFactor() != 1) {
        long width = scaled.mlp().gateUp().linear().outFeatures() / 2;
        program.scale(wide, wide, 0, width, (float) scaled.gateFactor());
      }
      activate(scaled.mlp(), wide, inner);
    } else {
      throw new Unsupported();
    }
  }

  private static float softplus(Parameter value) {
    return (float) Math.log1p(Math.exp(value.value().toFloats()[0]));
  }

  private static LinearSlot up(Mlp mlp) {
    if (mlp instanceof GatedMlp gated) {
      return gated.gateUp();
    } else if (mlp instanceof PlainMlp plain) {
      return plain.up();
    } else if (mlp instanceof ClampedMlp clamped) {
      return clamped.gateUp();
    } else if (mlp instanceof XieluMlp learned) {
      return learned.up();
    } else if (mlp instanceof SparseGatedMlp sparse) {
      return sparse.mlp().gateUp();
    } else if (mlp instanceof ScaledMlp scaled) {
      return scaled.mlp().gateUp();
    }
    throw new Unsupported();
  }

  private static LinearSlot down(Mlp mlp) {
    if (mlp instanceof GatedMlp gated) {
      return gated.down();
    } else if (mlp instanceof PlainMlp plain) {
      return plain.down();
    } else if (mlp instanceof ClampedMlp clamped) {
      return clamped.down();
    } else if (mlp instanceof XieluMlp learned) {
      return learned.down();
    } else if (mlp instanceof SparseGatedMlp sparse) {
      return sparse.mlp().down();
    } else if (mlp instanceof ScaledMlp scaled) {
      return scaled.mlp().down();
    }
    throw new Unsupported();
  }

  /** Emits a mixture whose result goes to a separate buffer. */
  void apart(Mlp mlp, int x, int to) {
    if (!(mlp instanceof ExpertMlp mixture) || mixture.shared() != null) {
      throw new Unsupported();
    }
    experts(mixture, new Routed(x, null), x, to, 1, false);
  }

  /** Emits experts of a narrower width, whose router reads the full one. */
  private void projected(ProjectedExperts mlp, int x, Branch branch) {
    // Both read x before either adds to it.
    if (x == branch.residual() || !branch.isDirect() || mlp.experts().shared() != null) {
      throw new Unsupported();
    }
    int narrow = writer.shared("narrow", mlp.in().linear().outFeatures());
    writer.linear(mlp.in(), x, narrow, 1, false);
    int chosen = writer.shared("narrow out", mlp.out().linear().inFeatures());
    experts(mlp.experts(), new Routed(x, null), narrow, chosen, 1, false);
    writer.branch(mlp.out(), chosen, branch);
    writer.branch(down(mlp.shared()), inner(mlp.shared(), x), branch);
  }

  private void mixture(ExpertMlp mixture, int x, Branch branch) {
    int target = branch.residual();
    float scale = (float) branch.scale();
    if (!branch.isDirect()) {
      target = writer.shared("branch", writer.hiddenSize());
      scale = 1;
    }
    // Both read x, which may be the residual stream, before either adds to it.
    if (x == target) {
      throw new Unsupported();
    }
    experts(mixture, new Routed(x, null), x, target, scale, branch.isDirect());
    ExpertMlp.Shared shared = mixture.shared();
    if (shared != null) {
      shared(shared, x, target, scale);
    }
    if (!branch.isDirect()) {
      writer.addNormed(target, branch);
    }
  }

  /** Routing of tokens to experts. */
  private record Routed(int read, @Nullable Parameter gains) {}

  private void experts(
      ExpertMlp mixture, Routed routed, int x, int target, float scale, boolean added) {
    Mlp first = mixture.experts().get(0);
    if (first instanceof ScaledMlp || first instanceof SparseGatedMlp) {
      throw new Unsupported();
    }
    int chosen = mixture.router().rule().chosen();
    int wide = writer.shared("expert wide", up(first).linear().outFeatures(), chosen);
    int inner = writer.shared("expert inner", down(first).linear().inFeatures(), chosen);
    int slots = writer.shared("expert out", down(first).linear().outFeatures(), chosen);
    try (ExpertProgram experts = new ExpertProgram(program)) {
      route(mixture.router(), routed, experts);
      products(mixture, StepMlps::up, x, wide, false, experts);
      activate(first, wide, inner);
      products(mixture, StepMlps::down, inner, slots, true, experts);
      int computed = computed(mixture).size();
      if (computed < mixture.experts().size()) {
        experts.returnInput(computed, x, slots);
      }
      experts.combine(slots, target, scale, added);
    }
  }

  /** Returns the experts before those that return their input. */
  private static List<? extends Mlp> computed(ExpertMlp mixture) {
    List<? extends Mlp> all = mixture.experts();
    int count = (int) all.stream().filter(expert -> !(expert instanceof IdentityMlp)).count();
    List<? extends Mlp> first = all.subList(0, count);
    if (first.stream().anyMatch(IdentityMlp.class::isInstance)) {
      throw new Unsupported();
    }
    return first;
  }

  /** Emits two branches, each normalized before they are added. */
  private void joined(JoinedMlp mlp, int x, Branch branch) {
    ExpertMlp mixture = mlp.experts();
    if (mixture.shared() != null) {
      throw new Unsupported();
    }
    int common = writer.shared("common", writer.hiddenSize());
    int dense = writer.norm(mlp.ofDense().before(), x, "mlp");
    writer.linear(down(mlp.dense()), inner(mlp.dense(), dense), common, 1, false);
    writer.normInPlace(mlp.ofDense().after(), common);
    double factor = 1 / Math.sqrt((double) writer.hiddenSize());
    int read = writer.scaledNorm(mlp.routerNorm(), x, "routed", factor);
    int own = writer.norm(mlp.ofExperts().before(), x, "mlp");
    int target = writer.shared("branch", writer.hiddenSize());
    experts(mixture, new Routed(read, mlp.expertScale()), own, target, 1, false);
    writer.normInPlace(mlp.ofExperts().after(), target);
    program.add(common, target, 1, -1);
    writer.addNormed(target, branch);
  }

  private void route(Router router, Routed routed, ExpertProgram experts) {
    long count = router.linear().linear().outFeatures();
    ExpertOps.Rule rule = router.rule();
    // Left to the operators, which report the problem.
    if (rule.chosen() > count || count % rule.groups() != 0 || rule.groupsKept() > rule.groups()) {
      throw new Unsupported();
    }
    int scores = writer.shared("scores", count);
    writer.linear(router.linear(), routed.read(), scores, 1, false);
    if (rule.isOneByOne()) {
      experts.routeOneByOne(scores, rule.chosen(), (float) rule.tolerance());
      return;
    }
    experts.route(
        scores,
        rule.chosen(),
        rule.normalized(),
        rule.sigmoid(),
        (float) rule.epsilon(),
        (float) rule.scale(),
        rule.groups(),
        rule.groupsKept(),
        StepArguments.address(router.correction()),
        StepArguments.codeOf(router.correction()),
        StepArguments.address(routed.gains()),
        StepArguments.codeOf(routed.gains()));
  }

  private void products(
      ExpertMlp mixture,
      Function<Mlp, LinearSlot> layer,
      int from,
      int to,
      boolean ofSlots,
      ExpertProgram experts) {
    List<LowRankUpdates> updates = new ArrayList<>();
    List<? extends Mlp> computed = computed(mixture);
    experts.begin(ofSlots);
    try {
      for (int i = 0; i < computed.size(); i++) {
        experts.expert(i);
        updates.add(writer.base(layer.apply(computed.get(i)), from, to, 1, false));
      }
    } finally {
      experts.end();
    }
    long width = updates.stream().mapToLong(LowRankUpdates::width).max().orElse(0);
    if (width > 0) {
      for (int i = 0; i < updates.size(); i++) {
        updates.get(i).write(experts, i);
      }
      int inner = writer.shared("expert low rank", width, mixture.router().rule().chosen());
      Linear first = layer.apply(computed.get(0)).linear();
      experts.lowRank(from, inner, to, first.outFeatures(), first.inFeatures(), 1);
    }
  }

  private void shared(ExpertMlp.Shared shared, int x, int target, float scale) {
    int inner = inner(shared.mlp(), x);
    LinearSlot gate = shared.gate();
    if (gate == null) {
      writer.linear(down(shared.mlp()), inner, target, scale, true);
      return;
    }
    int common = writer.shared("common", writer.hiddenSize());
    writer.linear(down(shared.mlp()), inner, common, 1, false);
    int opened = writer.shared("opened", 1);
    writer.linear(gate, x, opened, 1, false);
    program.add(common, target, scale, opened);
  }
}
