/** Reports of evaluations for people, pull requests and builds. */
package io.adapt4j.eval.report;
