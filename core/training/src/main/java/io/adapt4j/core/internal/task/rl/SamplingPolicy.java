package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.AdaptationCopy;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.train.TrainingException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The policy at earlier weights, to sample from while it trains: a second network that shares the
 * frozen weights and has copies of the trained ones. Neither network reads what the other changes.
 */
final class SamplingPolicy implements AutoCloseable {

  private final Decoder policy;
  private final Decoder decoder;
  private AdaptationCopy adapter = AdaptationCopy.NONE;

  private SamplingPolicy(Decoder policy, Decoder decoder) {
    this.policy = policy;
    this.decoder = decoder;
  }

  /** Creates a copy of a policy at its present weights; closed before the policy. */
  static SamplingPolicy of(Decoder policy, Adaptation adaptation) {
    Decoder decoder = (Decoder) Architectures.declare(policy.modelConfig());
    SamplingPolicy copy = new SamplingPolicy(policy, decoder);
    try (Scope scope = Scope.open(policy.engine())) {
      decoder.readWeightsOf(policy, Parameter::isTrained);
      copy.adapter = adaptation.copyOn(decoder);
      copy.update();
      return copy;
    } catch (IllegalArgumentException e) {
      copy.close();
      throw new TrainingException(
          "rolloutsAhead cannot share the weights of this base; leave it out: " + e.getMessage(),
          e);
    } catch (RuntimeException | Error e) {
      copy.close();
      throw e;
    }
  }

  /** Returns the network to sample from. */
  Decoder decoder() {
    return decoder;
  }

  /** Takes over the policy's present weights; nothing may sample or train meanwhile. */
  void update() {
    try (Scope scope = Scope.open(policy.engine())) {
      List<Parameter> copies = decoder.parameters();
      List<Parameter> trained = policy.parameters();
      for (int i = 0; i < copies.size(); i++) {
        if (trained.get(i).isTrained()) {
          copies.get(i).value().copyFrom(trained.get(i).value());
          copies.get(i).changed();
        }
      }
      adapter.update();
    }
  }

  @Override
  public void close() {
    adapter.close();
    // Quantized layers with their parameters belong to the policy.
    Set<Parameter> others = new HashSet<>(policy.parameters());
    decoder.parameters().stream()
        .filter(parameter -> !others.contains(parameter))
        .forEach(Parameter::close);
  }
}
