"""The sampled algorithm itself on a tabular softmax policy: a witness apart from the theory.

Groups are drawn, rewards are drawn, advantages are taken group by group and the logits climb the
gradient of the sampled objective. Nothing here knows a mean over groups, a drift, or a force.
"""
