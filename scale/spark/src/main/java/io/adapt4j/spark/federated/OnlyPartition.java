package io.adapt4j.spark.federated;

import java.io.Serializable;
import scala.runtime.AbstractFunction1;

/** Predicate that selects one partition. */
final class OnlyPartition extends AbstractFunction1<Object, Object> implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int wanted;

  OnlyPartition(int wanted) {
    this.wanted = wanted;
  }

  @Override
  public Object apply(Object partition) {
    return ((Integer) partition) == wanted;
  }
}
