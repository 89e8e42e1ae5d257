package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.train.TrainingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Diagonal of the empirical Fisher information of a model's trainable parameters. */
public final class Fisher {

  private Fisher() {}

  /**
   * Estimates the diagonal, or reads it from the run's output if it was estimated there before.
   *
   * @return one F32 tensor per trainable parameter, closed by the caller
   */
  static List<Tensor> of(Dataset reference, PenaltyRun run, FisherFile.Anchor anchor) {
    EncodableRows rows = run.encoder().filter(reference);
    if (rows.report().kept() == 0) {
      throw new TrainingException(
          reference.name() + ": none of its rows can be used to estimate the Fisher information");
    }
    Optional<Path> file = run.output().map(folder -> folder.resolve(FisherFile.NAME));
    if (file.isPresent() && anchor.isIn(file.get(), rows.report().digest())) {
      return anchor.read(file.get());
    }
    Batches singles = Batches.of(rows).batchSize(1).build();
    List<Tensor> fisher =
        estimate(
            new NextTokens(run.decoder()),
            singles.epoch(0),
            run.adaptation().trained(),
            run.recompute());
    file.ifPresent(path -> anchor.write(path, fisher, rows.report().digest()));
    return fisher;
  }

  /** Sums the squared gradients of each example's loss and divides by the number of targets. */
  static List<Tensor> estimate(
      NextTokens task, Iterator<Batch> singles, List<Trainable> trained, boolean recompute) {
    List<Tensor> gradients = trained.stream().map(Trainable::gradient).toList();
    List<Tensor> sums = new ArrayList<>();
    for (Trainable parameter : trained) {
      sums.add(Tensor.zeros(DType.F32, parameter.value().sizes()).own());
    }
    long targets = 0;
    for (int example = 0; singles.hasNext(); example++) {
      Batch single = singles.next();
      task.forwardBackward(single, 1, recompute, example);
      TensorLists.addSquares(sums, gradients);
      TensorLists.zero(gradients);
      targets += task.targets(single);
    }
    TensorLists.scale(sums, 1.0 / targets);
    if (!Double.isFinite(TensorLists.norm(sums))) {
      sums.forEach(Tensor::close);
      throw new TrainingException(
          "The Fisher information is not finite; use fp32, or check the reference data");
    }
    return sums;
  }
}
