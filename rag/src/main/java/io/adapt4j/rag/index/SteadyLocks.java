package io.adapt4j.rag.index;

import io.adapt4j.rag.internal.OwnThreads;
import java.io.IOException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.Lock;
import org.apache.lucene.store.LockFactory;
import org.apache.lucene.store.NativeFSLockFactory;

/**
 * Lucene's locks, checked on threads that nobody interrupts: a searching thread that is the last to
 * use a replaced state of the index deletes its files, which checks the lock, and its interrupt
 * would give the lock up.
 */
final class SteadyLocks extends LockFactory {

  @Override
  public Lock obtainLock(Directory directory, String name) throws IOException {
    Lock lock = NativeFSLockFactory.INSTANCE.obtainLock(directory, name);
    return new Lock() {
      @Override
      public void close() throws IOException {
        OwnThreads.call(
            () -> {
              lock.close();
              return null;
            });
      }

      @Override
      public void ensureValid() throws IOException {
        OwnThreads.call(
            () -> {
              lock.ensureValid();
              return null;
            });
      }
    };
  }
}
