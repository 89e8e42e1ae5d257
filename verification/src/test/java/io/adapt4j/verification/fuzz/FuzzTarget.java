package io.adapt4j.verification.fuzz;

import java.util.List;
import java.util.function.Supplier;

/**
 * One reader of outside bytes.
 *
 * @param name what it is called in commands and in folders of kept inputs
 * @param seedSource makes valid inputs, from which mutations begin
 * @param reading reads an input; throws what the reader throws
 */
record FuzzTarget(String name, Supplier<List<byte[]>> seedSource, Reading reading) {

  /** Reads bytes. */
  interface Reading {

    /** Reads. */
    void read(byte[] bytes) throws Exception;
  }

  /** {@return valid inputs, computed at each call} */
  List<byte[]> seeds() {
    return seedSource.get();
  }

  /** Reads an input under the contract. */
  void check(byte[] bytes) {
    Contract.keeps(() -> reading.read(bytes));
  }

  @Override
  public String toString() {
    return name;
  }
}
