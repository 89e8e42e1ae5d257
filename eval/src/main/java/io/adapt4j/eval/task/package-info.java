/** What a model is asked, and how its replies are judged. */
package io.adapt4j.eval.task;
