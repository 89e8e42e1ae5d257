package io.adapt4j.vision.internal.training;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.tower.PictureTower;
import java.util.List;

/** An image tower that computes the rows of the pictures of training batches. */
record TrainedTower(PictureRegister pictures, PictureTower tower) implements PictureEncoder {

  @Override
  public List<LinearSlot> linears() {
    return tower.linears();
  }

  @Override
  public List<Parameter> parameters() {
    return tower.weights().parameters();
  }

  @Override
  public void load(Checkpoint checkpoint, DType type) {
    tower.weights().load(checkpoint, type);
  }

  @Override
  public List<TensorData> tensors(Checkpoint base, StoredType type) {
    return tower.weights().tensors(base, type);
  }

  @Override
  public Known find(int id) {
    return pictures.find(id);
  }

  @Override
  public Encoded encode(Ops ops, int[] firstIds) {
    PictureFeatures features =
        tower.forward(ops, pictures.processor().pixels(pictures.pixels(firstIds)));
    return new Encoded(
        inOneRow(ops, features.rows()),
        features.deeper().stream().map(added -> inOneRow(ops, added)).toList());
  }

  private static Tensor inOneRow(Ops ops, Tensor rows) {
    return StreamOps.shaped(ops, rows, 1, rows.count() / rows.size(-1), rows.size(-1));
  }

  @Override
  public void close() {
    tower.close();
  }
}
