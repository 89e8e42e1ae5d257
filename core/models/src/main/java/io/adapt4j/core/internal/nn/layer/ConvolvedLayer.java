package io.adapt4j.core.internal.nn.layer;

import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * A layer with a parallel convolution over positions of the same input: norm(layer(x) +
 * act(convolution(x))), zero on padding. The first layer of the large DeBERTa v2 is one.
 *
 * @param weight of the convolution [hidden, hidden / groups, kernel]
 */
public record ConvolvedLayer(
    Layer layer, Parameter weight, Parameter bias, int groups, Activation activation, Norm norm)
    implements Layer {

  @Override
  public Tensor forward(Ops ops, Tensor x, Positions positions, int index) {
    Tensor y = layer.forward(ops, x, positions, index);
    Tensor mask = positions.mask(0);
    Tensor convolved = RelativeOps.convolve(ops, x, weight, bias, mask, groups);
    Tensor sum = norm.ofSum(ops, y, ops.activation(convolved, activation));
    return RelativeOps.withoutPadding(ops, sum, mask);
  }

  @Override
  public Mixer mixer() {
    return layer.mixer();
  }

  @Override
  public Mlp mlp() {
    return layer.mlp();
  }

  @Override
  public List<Norm> norms() {
    List<Norm> all = new ArrayList<>(layer.norms());
    all.add(norm);
    return all;
  }

  @Override
  public List<LinearSlot> linears() {
    return layer.linears();
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(layer.parameters());
    all.add(weight);
    all.add(bias);
    all.addAll(norm.parameters());
    return all;
  }
}
